package plan

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"assay/api/v1alpha1"
)

// epoch is when every test begins.
var epoch = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// TestRules reads testdata/rules: each file tells the story of one rule in a small language.
//
//	world            one line an object; the world is new each time
//	  experiment generation=2 suspend stopdone prune deleting budget=3h gpubudget=8h (of nodes and of GPUs) until=1h waits=a-limit-in-words
//	  source budget=3h forgotten=1h (of a followed source that owns the experiment: its budget, and what its deleted experiments used)
//	  service NAME slots=2 alloc=a2 proc=p2 settings=s2 after=DEP within=60s stable=10s restarts=3 time=30m url=http://…
//	  benchmark NAME target=SERVICE repeats=2 timeout=10m retry=2 own together=WORD deployments=3 runs=5 (of each) other=SERVICE
//	                          early max=10 (may end once x is decided; without max once the targets differ)
//	                          group=G gpus=1 cpus=8 components=a,b needs=PATH data fence=2m renew=Overlap before=5m drain=30s times=3 extend | service NAME path=/dir minfree=1000 (a directory)
//	  service … scale=1:4:8 (min, max, target) cooldown=5m up=1m down=5m jobs=3 (of the QOS) front=NAME (a gateway of it)
//	  scaled SERVICE number=2 ago=15s (the last answer) changed=10m | answer SERVICE is=16 ago=0s old=5s none=WHY metric=OTHER
//	  benchmark … search=rate:1:64 most=12 budget=2 (node-hours; 0.99 of the requests have to keep the objective, within 5 %)
//	  run … load=8 result=kept good=990 of=1000 took=1m missed=WHY (of a search: its load, and how many requests kept the objective)
//	  point NAME proc=p2 alloc=a2 spec=b2 stop (of a sweep: all of the above, with these fingerprints; stop: onFailure)
//	  attempt NONCE seat=SERVICE/SLOT[/1] job=ID handed=10s renewals=2 age=60s alloc=… settings=… time=1h limit=1h cancelled=WHY ended=REASON failure ago=5s unsaid fenced=WHY on=NODE run=ID damaged
//	                          holds=1 holdsgpus=4 (nodes and GPUs of its job) before=1h used=2h (node-hours of earlier attempts of its seat, and its own)
//	  job ID nonce=NONCE state=Running reason=… block=HeldByUser left=20m warned=19m limit=1h started=… ending=6m away=HOST store=OTHER
//	  agent NONCE deployment=2 phase=Ready for=30s proc=p1 still=5s model=m behind|behind=runs wasready end=TimeLimit because=WHY unreported unreadable=WHY torn=WHY portless
//	                          lived=50m servers=answer|refuse|unasked refused=1m (what they said when they were asked, and how long they refuse)
//	  run ID benchmark=NAME point=0 repeat=1 attempt=1 phase=Running nonce=NONCE job=ID (default: the attempt's) claim=NONCE/JOB result=valid|invalid|error
//	    x=9 (the metric) target=SERVICE of=DEPLOYMENT
//	    told=NONCE (of its target: it has had its turn) ended=5m why=REASON tries=2 retries=1 (of earlier attempts) result=lost|final
//	rerun ID [exact]
//	  fencer (the scheduler can end what a job left behind) | acknowledged NONCE | external SERVICE ready | metrics TARGET up|down for=1m
//	  break scheduler|clock ago=10s | unreachable MESSAGE | unmetered MESSAGE
//	plan             prints the actions, and the conditions that are asked for; jobs: also which job each run is in; measured:
//	                          also what it measures
//	diff             prints what `assay plan` would
func TestRules(t *testing.T) {
	datadriven.Walk(t, "testdata/rules", func(t *testing.T, path string) {
		var d Desired
		var o Observed
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			switch td.Cmd {
			case "world":
				d, o = parseWorld(t, td.Input)
				return "ok\n"
			case "plan":
				return show(Plan(d, o), td)
			case "diff":
				steps := Diff(d, o)
				var b strings.Builder
				for _, s := range steps {
					fmt.Fprintf(&b, "%s %s: %s\n", s.Symbol, s.Object, s.Reason)
				}
				return b.String() + Summary(steps) + "\n"
			}
			t.Fatalf("unknown command %s", td.Cmd)
			return ""
		})
	})
}

// show prints a result: actions, then the conditions named in the command, as object=type.
func show(r Result, td *datadriven.TestData) string {
	var b strings.Builder
	for _, a := range r.Actions {
		fmt.Fprintf(&b, "%s %s", a.Verb, a.Object)
		if a.JobID != "" {
			fmt.Fprintf(&b, " job=%s", a.JobID)
		}
		if a.Seat.Renewal > 0 {
			fmt.Fprintf(&b, " seat=%s", a.Seat)
		}
		if a.Run != nil {
			fmt.Fprintf(&b, " phase=%s", a.Run.Phase)
			if td.HasArg("jobs") {
				fmt.Fprintf(&b, " by=%s in=%s", a.Run.Nonce, a.Run.JobID)
			}
			if a.Request != nil && a.Request.Replays != "" {
				fmt.Fprintf(&b, " replays=%s", a.Request.Replays)
			}
			if td.HasArg("measured") {
				fmt.Fprintf(&b, " on=%s of=%s seed=%d", a.Run.Target, a.Run.Deployment, a.Run.Seed)
			}
			if a.Request != nil && td.HasArg("loads") {
				fmt.Fprintf(&b, " %s: rate=%v concurrency=%d repeat=%d", pointName(a.Run.Point), a.Request.Serving.Rate, a.Request.Serving.Concurrency, a.Request.Repeat)
			}
			if a.Request != nil && len(a.Request.Overlaps) > 0 {
				fmt.Fprintf(&b, " %s with=%s", pointName(a.Run.Point), strings.Join(a.Request.Overlaps, ","))
			}
		}
		if a.End != nil && a.End.Failure {
			b.WriteString(" failure")
		}
		if a.Fence {
			b.WriteString(" fence")
		}
		if a.Change != nil && a.Change.Time != nil {
			fmt.Fprintf(&b, " time=%s", *a.Change.Time)
		}
		if a.Desired != nil {
			if len(a.Desired.Processes) > 1 {
				for _, p := range a.Desired.Processes {
					fmt.Fprintf(&b, " +%s", p.Name)
				}
			}
			for _, run := range a.Desired.Runs {
				fmt.Fprintf(&b, " run=%s", run.ID)
			}
		}
		fmt.Fprintf(&b, " (%s: %s)\n", a.Reason, a.Message)
	}
	for _, x := range r.Status {
		for _, s := range x.Services {
			if s.Scale != nil && td.HasArg("scale") {
				fmt.Fprintf(&b, "%s: %d of %d, %s: %s", s.Name, s.Ready, s.Replicas, s.Scale.Reason, s.Scale.Message)
				if len(s.Scale.Leaving) > 0 {
					fmt.Fprintf(&b, ", leaving %s", strings.Join(s.Scale.Leaving, " "))
				}
				b.WriteString("\n")
			}
		}
	}
	for _, arg := range td.CmdArgs {
		for _, typ := range arg.Vals {
			c := conditionOf(r.Status[0], arg.Key, typ)
			fmt.Fprintf(&b, "%s %s=%s %s: %s\n", arg.Key, typ, c.Status, c.Reason, c.Message)
		}
	}
	if b.Len() == 0 {
		return "nothing to do\n"
	}
	return b.String()
}

func conditionOf(s v1alpha1.ExperimentStatus, object, typ string) v1alpha1.Condition {
	list := s.Conditions
	for _, v := range s.Services {
		if v.Name == object {
			list = v.Conditions
		}
	}
	for _, v := range s.Benchmarks {
		if v.Name == object {
			list = v.Conditions
		}
	}
	for _, v := range s.Runs {
		if v.ID == object {
			list = v.Conditions
		}
	}
	return v1alpha1.Find(list, typ)
}
