package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/decide"
)

// words is one line of a world: a kind, a name, and key=value pairs.
type words struct {
	t    *testing.T
	kind string
	name string
	kv   map[string]string
}

func (w words) str(key, missing string) string {
	if v, ok := w.kv[key]; ok {
		return v
	}
	return missing
}

func (w words) has(key string) bool { _, ok := w.kv[key]; return ok }

func (w words) num(key string, missing int) int {
	n, err := strconv.Atoi(w.str(key, strconv.Itoa(missing)))
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w words) dur(key string, missing time.Duration) time.Duration {
	d, err := time.ParseDuration(w.str(key, missing.String()))
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func parseWorld(t *testing.T, input string) (Desired, Observed) {
	d := Desired{Store: "us", Policy: Policy{Settle: 30 * time.Second, Stale: 30 * time.Second, BackoffMax: 5 * time.Minute, Proven: 10 * time.Minute, RunAttempts: 3, Away: time.Minute},
		Experiments: []Experiment{{Name: "exp", Revision: "r1", Generation: 1}}}
	o := Observed{Now: epoch, Listing: Listing{At: epoch}, Agents: map[string]Agent{}, Externals: map[string]External{},
		Folders: map[string]Folder{}, Absent: map[string]bool{}, Acknowledged: map[string]bool{}, Exported: map[string]bool{},
		Metrics: Metrics{Targets: map[string]drivers.Health{}, Down: map[string]time.Duration{}}, Previous: map[string]v1alpha1.ExperimentStatus{}, Scaled: map[string]Scaled{}, Answers: map[string]Answer{}}
	for line := range strings.Lines(input) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		w := words{t: t, kind: f[0], kv: map[string]string{}}
		for _, word := range f[1:] {
			if k, v, ok := strings.Cut(word, "="); ok {
				w.kv[k] = v
			} else if w.name == "" && w.kind != "experiment" {
				w.name = word
			} else {
				w.kv[word] = ""
			}
		}
		w.into(&d.Experiments[0], &o, strings.Join(f[1:], " "))
	}
	return d, o
}

// into adds one object to the world.
func (w words) into(x *Experiment, o *Observed, rest string) {
	switch w.kind {
	case "experiment":
		x.Generation, x.Suspend, x.StopDone, x.Prune, x.Deleting = int64(w.num("generation", 1)), w.has("suspend"), w.has("stopdone"), w.has("prune"), w.has("deleting")
		x.Budget, x.Waits = w.budget(), strings.Fields(strings.ReplaceAll(w.str("waits", ""), "-", " "))
		if len(x.Waits) > 0 {
			x.Waits = []string{strings.Join(x.Waits, " ")}
		}
	case "service":
		x.Services = append(x.Services, w.service())
	case "benchmark":
		x.Benchmarks = append(x.Benchmarks, w.repeated(Benchmark{Name: w.name, Target: w.str("target", ""), Repeats: w.num("repeats", 1),
			Timeout: w.dur("timeout", 10*time.Minute), Together: w.str("together", ""), Spec: w.str("spec", "b1"), RetryInvalid: w.num("retry", 0), OwnJob: w.has("own"), Job: drivers.JobSpec{Nodes: 1, Time: w.dur("jobtime", 0)}, Search: w.search(),
			Request: drivers.SuiteRequest{Serving: &v1alpha1.Serving{}}}))
	case "point":
		x.Points = append(x.Points, w.point(*x))
		x.StopOnFailure = x.StopOnFailure || w.has("stop")
	case "attempt":
		o.Attempts = append(o.Attempts, w.attempt())
	case "job":
		o.Listing.Jobs = append(o.Listing.Jobs, w.job(o))
	case "agent":
		w.agent(x, o)
	case "run":
		o.Runs = append(o.Runs, w.run(x, o))
	case "source":
		x.Owner = "watch:/m"
		o.Sources = append(o.Sources, Source{Owner: x.Owner, Origin: drivers.Origin{Source: "watch", Path: "/m"}, Experiments: []string{"exp"}, Budget: &v1alpha1.Budget{NodeHours: w.dur("budget", 0).Hours()}})
		o.Forgotten = map[string]Usage{x.Owner: {Nodes: w.dur("forgotten", 0)}}
	case "rerun":
		o.Reruns = append(o.Reruns, Rerun{Experiment: "exp", Run: w.name, Exact: w.has("exact")})
	case "external":
		o.Externals["exp/"+w.name] = External{Ready: w.has("ready"), Message: "connection refused"}
	case "folder":
		o.Folders["exp/"+w.name] = Folder{Exists: w.has("exists"), Ours: w.has("ours"), Striped: w.has("striped"), FreeBytes: int64(w.num("free", -1)), FreeInodes: -1, Message: "as it is"}
		for _, s := range x.Services {
			if s.Name == w.name && w.has("recorded") {
				o.Records = append(o.Records, FolderRecord{Experiment: "exp", Service: w.name, Spec: *s.Lustre})
			}
		}
	case "record":
		o.Records = append(o.Records, FolderRecord{Experiment: "exp", Service: w.name, Spec: v1alpha1.Lustre{Path: w.str("path", "/old")}})
	case "acknowledged":
		o.Acknowledged[w.name] = true
	case "fencer":
		o.Fences = true
	case "absent":
		o.Absent[w.name] = true
	case "exported":
		o.Exported["exp@"+w.name] = true
	case "metrics":
		o.Metrics.Targets[w.name] = drivers.Health{Up: w.has("up"), Models: strings.Fields(w.str("model", ""))}
		if !w.has("up") {
			o.Metrics.Down[w.name] = w.dur("for", 0)
		}
	case "break":
		o.Listing.Since = epoch.Add(-w.dur("ago", 0))
		if w.name == "clock" {
			o.Listing.Clock = o.Listing.Since
		}
	case "scaled":
		r := Scaled{Experiment: "exp", Service: w.name, Number: w.num("number", 1)}
		r.anew(epoch.Add(-w.dur("ago", 15*time.Second)))
		if w.has("changed") {
			r.Changed = epoch.Add(-w.dur("changed", 0))
		}
		o.Scaled["exp/"+w.name] = r
	case "answer":
		o.Answers["exp/"+w.name] = Answer{Metric: w.str("metric", "m"), Err: w.str("none", ""), At: epoch.Add(-w.dur("ago", 0)), Age: w.dur("old", time.Second)}
		if w.has("is") {
			a := o.Answers["exp/"+w.name]
			a.Value = w.float("is")
			o.Answers["exp/"+w.name] = a
		}
	case "unreachable":
		o.Listing = Listing{At: epoch, Err: rest}
	case "unmetered":
		o.Metrics.Err = rest
	default:
		w.t.Fatalf("unknown object %q", w.kind)
	}
}

func (w words) budget() Budget {
	b := Budget{Usage: Usage{Nodes: w.dur("budget", 0), GPUs: w.dur("gpubudget", 0)}}
	if w.has("until") {
		b.Until = epoch.Add(w.dur("until", 0))
	}
	return b
}

// repeated says how a benchmark spreads its repeats, and what may end them.
func (w words) repeated(b Benchmark) Benchmark {
	b.Other = w.str("other", "")
	if w.has("deployments") || w.has("early") {
		b.Design = decide.Design{Runs: w.num("runs", b.Repeats), Deployments: w.num("deployments", 1), Early: w.has("early")}
		b.Repeats = b.Design.Total()
	}
	if w.has("max") {
		b.Decides = []Bound{{Metric: "x", Limit: float64(w.num("max", 0)), Sign: 1}}
	} else if w.has("early") {
		b.Decides = []Bound{{Metric: "x"}}
	}
	return b
}

func (w words) service() Service {
	s := Service{Name: w.name, Kind: "process", Model: w.str("model", ""), URL: w.str("url", ""), Slots: w.num("slots", 1),
		Alloc: w.str("alloc", "a1"), Proc: w.str("proc", "p1"), Settings: w.str("settings", "s1"), Within: w.dur("within", 5*time.Minute),
		StableFor: w.dur("stable", 0), Restarts: w.num("restarts", 3), Backoff: w.dur("backoff", 10*time.Second),
		Job: drivers.JobSpec{Nodes: 1, Time: w.dur("time", time.Hour)}}
	if w.has("after") {
		s.DependsOn = strings.Split(w.str("after", ""), ",")
	}
	s.Group = w.str("group", "")
	s.Job.GPUsPerNode, s.Job.CPUsPerNode = w.num("gpus", 0), w.num("cpus", 0)
	s.Processes = []drivers.Process{{Name: w.name, Fingerprint: s.Proc, Argv: []string{"serve"}, Metrics: "/metrics"}}
	for _, c := range strings.Fields(strings.ReplaceAll(w.str("components", ""), ",", " ")) {
		if s.Processes[0].Name == w.name {
			s.Processes = nil
		}
		s.Processes = append(s.Processes, drivers.Process{Name: w.name + "." + c, Fingerprint: s.Proc, Argv: []string{c}, Metrics: "/metrics"})
	}
	if w.has("data") {
		s.Processes[0].Data = "/data"
	}
	s.Fence = w.dur("fence", 0)
	if f := strings.Split(w.str("scale", ""), ":"); len(f) == 3 { // min:max:target
		n := func(i int) int { v, _ := strconv.Atoi(f[i]); return v }
		s.Scale = &Scale{Min: n(0), Max: n(1), Metric: "m", Target: float64(n(2)), Tolerance: 0.1, Cooldown: w.dur("cooldown", 0), Up: w.dur("up", 0), Down: w.dur("down", 0), Every: 15 * time.Second, Jobs: w.num("jobs", 0)}
		s.Slots = n(0)
	}
	if w.has("front") {
		s.Forwards = strings.Split(w.str("front", ""), ",")
		s.Processes[0].Upstreams = "/up"
	}
	s.Renew = Renew{Policy: w.str("renew", ""), Before: w.dur("before", 0), Drain: w.dur("drain", 30*time.Second), Times: w.num("times", 0), Extend: w.has("extend")}
	if w.has("needs") {
		s.Processes[0].Needs = []string{w.str("needs", "")}
	}
	switch {
	case s.URL != "":
		s.Slots, s.Kind = 0, "external"
	case w.has("path"):
		s = Service{Name: w.name, Kind: "lustre", Lustre: &v1alpha1.Lustre{Path: w.str("path", ""), MinFree: v1alpha1.Quantity(w.num("minfree", 0))}}
	}
	return s
}

func (w words) attempt() Attempt {
	seat, _ := drivers.ParseSeat("exp/" + w.str("seat", ""))
	begun := epoch.Add(-w.dur("age", 10*time.Minute))
	a := Attempt{Nonce: w.name, Seat: seat, Experiment: "exp", Begun: begun, Submitted: begun,
		JobID: drivers.JobID(w.str("job", "")), Alloc: w.str("alloc", "a1"), Settings: w.str("settings", "s1"), Run: w.str("run", ""), Base: w.str("base", ""), Size: Size{Nodes: w.num("nodes", 0), GPUs: w.num("gpus", 0), CPUs: w.num("cpus", 0)},
		Cancelled: Reason(w.str("cancelled", "")), CancelledAt: epoch.Add(-w.dur("asked", 0)), Refused: w.str("refused", "")}
	a.Time, a.Limit, a.Deferred = drivers.SecondsOf(w.dur("time", 0)), drivers.SecondsOf(w.dur("limit", w.dur("time", 0))), w.str("deferred", "")
	a.Revision, a.Holds, a.Before = w.str("revision", ""), Holds{Nodes: w.num("holds", 0), GPUs: w.num("holdsgpus", 0)}, Usage{Nodes: w.dur("before", 0)}
	a.Extended, a.Unextended = w.num("extended", 0), w.str("unextended", "")
	if a.Renewals = w.num("renewals", 0); w.has("handed") {
		a.HandedOver = epoch.Add(-w.dur("handed", 0))
	}
	if w.has("changed") {
		a.Changed = epoch.Add(-w.dur("changed", 0))
	}
	if w.has("members") {
		a.Members = strings.Split(w.str("members", ""), ",")
	}
	if a.Base == "group" { // of a group whose members ask for nothing special
		a.Base = digest("", "", "", "", "", "")
		a.Settings = digest(time.Hour.String())
	}
	if w.has("damaged") {
		a = Attempt{Nonce: a.Nonce, Seat: a.Seat, Experiment: "exp", Begun: begun, Damaged: "intents/" + a.Nonce + ".json is damaged"}
	}
	if w.has("ended") {
		spec := Service{Alloc: w.str("alloc", "a1"), Proc: w.str("proc", "p1"), Settings: w.str("settings", "s1")}.Spec()
		a.End = &End{Reason: Reason(w.str("ended", "")), Message: "as it was", At: epoch.Add(-w.dur("ago", time.Minute)), Failure: w.has("failure"), Spec: spec, Unsaid: w.has("unsaid"), Used: Usage{Nodes: w.dur("used", 0)}}
		if w.has("on") {
			a.End.Nodes = strings.Split(w.str("on", ""), ",")
		}
		if a.Fenced = Reason(w.str("fenced", "")); a.End.Unsaid {
			a.End.Nodes = []string{"n1"}
		}
	}
	return a
}

func (w words) job(o *Observed) drivers.Job {
	j := drivers.Job{ID: drivers.JobID(w.name), State: drivers.JobState(w.str("state", "Running")), Reason: w.str("reason", ""), Nodes: []string{"n1"},
		Tag: drivers.Tag{Store: w.str("store", "us"), Nonce: w.str("nonce", "")}, Submitted: epoch.Add(-w.dur("submitted", 10*time.Minute)), Exit: w.num("exit", 0)}
	for _, a := range o.Attempts {
		if a.Nonce == j.Tag.Nonce {
			j.Tag.Seat = a.Seat
		}
	}
	if w.has("seat") {
		j.Tag.Seat, _ = drivers.ParseSeat("exp/" + w.str("seat", ""))
	}
	if j.State == drivers.JobRunning {
		j.Started = epoch.Add(-w.dur("started", 9*time.Minute))
	}
	if w.has("left") {
		j.Ends = epoch.Add(w.dur("left", 0))
	}
	if w.has("ending") {
		j.Ends = epoch.Add(-w.dur("ending", 0))
		o.Listing.Ending = map[drivers.JobID]time.Duration{j.ID: w.dur("ending", 0)}
	}
	j.LaunchBlamed, j.Away = w.has("blamed"), w.str("away", "")
	j.Block, j.Limit = drivers.Block(w.str("block", "")), w.dur("limit", 0)
	if w.has("warned") {
		j.Signalled = epoch.Add(w.dur("warned", 0))
	}
	return j
}

// agent is the agent of an attempt, told what the service wants, or what proc=, runs= say.
func (w words) agent(x *Experiment, o *Observed) {
	i := slices.IndexFunc(o.Attempts, func(a Attempt) bool { return a.Nonce == w.name })
	if i < 0 {
		w.t.Fatalf("agent of unknown attempt %s", w.name)
	}
	at := o.Attempts[i]
	var told drivers.AgentDesired
	told.Nonce, told.Generation, told.Since = at.Nonce, 3, 3
	st := &drivers.AgentState{Nonce: at.Nonce, Generation: 3, Heartbeat: uint64(w.dur("lived", 9*time.Second) / drivers.BeatEvery), Node: "n1"}
	if w.has("behind") {
		st.Generation = 2
	}
	if w.str("behind", "") == "runs" {
		told.Since = 2
	}
	for _, s := range x.Services {
		if s.Name != at.Seat.Group && s.Group != at.Seat.Group || w.has("only") && !slices.Contains(strings.Split(w.str("only", ""), ","), s.Name) {
			continue
		}
		for _, p := range s.Processes {
			p.Fingerprint = w.str("proc", s.Proc)
			if w.has("deployment") {
				p.Fingerprint += deploymentMark + w.str("deployment", "")
			}
			told.Processes = append(told.Processes, p)
			if p.Upstreams != "" && w.has("upstream") {
				told.Processes[len(told.Processes)-1].Files = []drivers.File{{Path: p.Upstreams, Content: drivers.UpstreamText([]drivers.Upstream{{URL: w.str("upstream", "")}})}}
			}
			phase := w.str("phase", "Ready")
			if w.str("dead", "") == p.Name {
				phase = "Failed"
			}
			st.Processes = append(st.Processes, drivers.ProcessState{Name: p.Name, Fingerprint: p.Fingerprint, Phase: phase, PhaseFor: drivers.SecondsOf(w.dur("for", time.Minute)),
				Endpoint: w.str("at", "http://n1:8000"), Metrics: "http://n1:8000/metrics", Models: strings.Fields(w.str("model", "")), WasReady: w.has("wasready"), Anew: w.has("anew"), Reason: w.str("why", "")})
		}
	}
	for _, id := range strings.Fields(strings.ReplaceAll(w.str("runs", ""), ",", " ")) {
		name, phase, _ := strings.Cut(id, ":")
		told.Runs = append(told.Runs, drivers.Run{ID: name, Dir: "/runs/" + name, Limit: 600})
		phase, lost, _ := strings.Cut(phase, ":")
		st.Runs = append(st.Runs, drivers.RunState{ID: name, Phase: phase, Message: "it said why", Reason: lost})
	}
	told.ExitWhenDone = at.Run != "" && len(told.Runs) > 0
	if w.has("end") {
		st.End = &drivers.AgentEnd{Reason: w.str("end", ""), Message: w.str("because", "")}
	}
	a := Agent{Desired: told, State: st, StillFor: w.dur("still", time.Second), Err: strings.ReplaceAll(w.str("unreadable", ""), "-", " "), NoNews: strings.ReplaceAll(w.str("torn", ""), "-", " ")}
	if w.has("unreported") {
		a.State = nil
	}
	switch w.str("servers", "") {
	case "answer":
		a.Servers = Answers
	case "refuse":
		a.Servers, a.RefusedFor, a.Answer = Refuses, w.dur("refused", time.Minute), "connection refused"
	case "unasked":
		a.Servers, a.Answer = Unasked, "too many open files"
	}
	if w.has("portless") {
		for i := range st.Processes {
			st.Processes[i].Endpoint, st.Processes[i].Metrics = "", ""
		}
	}
	if a.Servers == Refuses || a.Servers == Unasked {
		a.Doubts = map[string]string{}
		for _, p := range st.Processes {
			a.Doubts[p.Name] = a.Answer
		}
	}
	o.Agents[at.Nonce] = a
}

// point is one of a sweep: what was declared so far, with other fingerprints.
func (w words) point(x Experiment) Point {
	p := Point{Params: map[string]string{"at": w.name}, Services: slices.Clone(x.Services), Benchmarks: slices.Clone(x.Benchmarks)}
	for i := range p.Services {
		s := &p.Services[i]
		s.Alloc, s.Proc, s.Processes = w.str("alloc", s.Alloc), w.str("proc", s.Proc), slices.Clone(s.Processes)
		for k := range s.Processes {
			s.Processes[k].Fingerprint = w.str("proc", s.Processes[k].Fingerprint)
		}
	}
	for i := range p.Benchmarks {
		p.Benchmarks[i].Spec = w.str("spec", p.Benchmarks[i].Spec)
	}
	return p
}

func (w words) run(x *Experiment, o *Observed) Run {
	r := Run{ID: w.name, Experiment: "exp", Benchmark: w.str("benchmark", ""), Repeat: w.num("repeat", 1), Attempt: w.num("attempt", 1), Phase: w.str("phase", "Pending"),
		Nonce: w.str("nonce", ""), Dir: "/runs/" + w.name, Limit: 600, Created: epoch.Add(-w.dur("created", time.Minute)), Key: w.str("key", "")}
	world := newWorld(Desired{Store: "us", Experiments: []Experiment{*x}}, Observed{})
	for _, want := range world.exps[0].wants {
		if want.search != nil && want.Name == r.Benchmark && w.has("load") && want.point == w.num("point", 0) {
			want = x.searchRun(&want, w.float("load"), r.Repeat)
			r.Point = want.params
		}
		if want.Name == r.Benchmark && want.repeat == r.Repeat && want.point == w.num("point", 0) && want.Target == w.str("target", want.Target) && r.Key == "" {
			r.Key, r.Target = want.key, want.Target
		}
	}
	if w.has("told") {
		r.Given, r.Measures = &drivers.RunTarget{}, strings.Fields(strings.ReplaceAll(w.str("told", ""), ",", " "))
	}
	for _, a := range o.Attempts {
		if a.Nonce == r.Nonce {
			r.JobID = string(a.JobID)
		}
	}
	r.JobID = w.str("job", r.JobID)
	if w.has("claim") {
		nonce, job, _ := strings.Cut(w.str("claim", ""), "/")
		r.Claim = &drivers.Claim{Nonce: nonce, JobID: job}
	}
	for i := range w.num("tries", 0) {
		r.Tries = append(r.Tries, Try{Run: fmt.Sprintf("try-%d", i+1), Reason: NodeFail, Message: "n1 went away"})
	}
	r.Retries, r.Reason, r.Replays = w.num("retries", 0), Reason(w.str("why", "")), w.str("replays", "")
	if w.has("ended") {
		r.Ended = epoch.Add(-w.dur("ended", 0))
	}
	if r.Phase == v1alpha1.RunFailed {
		r.Reason, r.Message = SuiteFailed, "it said why"
	}
	r.Deployment, r.Decides, r.Seed = w.str("of", ""), []string{"x"}, int64(w.num("repeat", 1))
	switch w.str("result", "") {
	case "valid":
		r.Result = &drivers.SuiteResult{Valid: true, Metrics: map[string]float64{"x": float64(w.num("x", 1))}}
	case "invalid":
		r.Result = &drivers.SuiteResult{Reasons: []drivers.Reason{{Reason: "ErrorRate", Message: "too many errors"}}}
	case "final":
		r.Result = &drivers.SuiteResult{Final: true, Reasons: []drivers.Reason{{Reason: "NoUsage", Message: "no token counts"}}}
	case "kept": // good=99 of=100 missed=WHY took=1m
		r.Result = &drivers.SuiteResult{Valid: !w.has("missed"), Objective: &drivers.Objective{Missed: w.str("missed", ""),
			Parts: []drivers.Kept{{Part: "goodput", Good: w.num("good", 0), Of: w.num("of", 1000), Effective: w.num("of", 1000)}}}, Ended: time.Time{}.Add(w.dur("took", time.Minute))}
		if w.has("missed") {
			r.Result.Reasons = []drivers.Reason{{Reason: w.str("missed", ""), Message: "the load was not kept up"}}
		}
	case "lost":
		r.Result = &drivers.SuiteResult{Error: "no space left on /x", Lost: drivers.LostDisk}
	case "error":
		r.Result = &drivers.SuiteResult{Error: "the server ignores the constraint"}
	}
	return r
}

// search is a search of search=rate:1:64 with least=0.99 precision=0.05 most=12 budget=2 nodes=1; nil without one.
func (w words) search() *Search {
	f := strings.Split(w.str("search", ""), ":")
	if len(f) != 3 {
		return nil
	}
	from, _ := strconv.ParseFloat(f[1], 64)
	to, _ := strconv.ParseFloat(f[2], 64)
	s := &Search{By: f[0], From: from, To: to, Precision: 0.05, Shares: []Share{{"goodput", 0.99}}, Repeats: w.num("most", 12), Nodes: 1}
	if w.has("budget") {
		s.NodeHours = w.float("budget")
	}
	return s
}

func (w words) float(key string) float64 {
	v, err := strconv.ParseFloat(w.str(key, ""), 64)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}
