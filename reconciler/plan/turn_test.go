package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// TestOneTargetOfTwoExperiments: a server or a directory that two experiments name is measured by one of them at a time.
func TestOneTargetOfTwoExperiments(t *testing.T) {
	external := func(url string) Service {
		return Service{Name: "s", Kind: "external", URL: url, Proc: url, Processes: []drivers.Process{{Name: "s"}}}
	}
	folder := func(path string) Service {
		return Service{Name: "s", Kind: "lustre", Lustre: &v1alpha1.Lustre{Path: path}, Proc: path}
	}
	for name, c := range map[string]struct {
		a, b Service
		runs int
	}{
		"one server":         {external("http://h:1"), external("http://h:1"), 1},
		"two servers":        {external("http://h:1"), external("http://h:2"), 2},
		"one directory":      {folder("/p/x"), folder("/p/x"), 1},
		"two directories":    {folder("/p/x"), folder("/p/y"), 2},
		"one of both, alike": {external("http://h:1"), folder("/p/x"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := Desired{Store: "us", Policy: Policy{RunAttempts: 3}}
			o := Observed{Now: epoch, Listing: Listing{At: epoch}, Externals: map[string]External{}, Folders: map[string]Folder{}}
			for i, s := range []Service{c.a, c.b} {
				e := Experiment{Name: string(rune('a' + i)), Services: []Service{s}, Benchmarks: []Benchmark{{Name: "q", Target: "s", Repeats: 1, Timeout: time.Minute, OwnJob: true}}}
				d.Experiments = append(d.Experiments, e)
				o.Externals[e.Name+"/s"] = External{Ready: true}
				o.Folders[e.Name+"/s"] = Folder{Exists: true, Ours: true, Striped: true, FreeBytes: -1, FreeInodes: -1}
			}
			for _, a := range Plan(d, o).Actions {
				if a.Verb == CreateRun {
					o.Runs = append(o.Runs, *a.Run)
				}
			}
			submitted := func() (n int) {
				for _, a := range Plan(d, o).Actions {
					if a.Verb == Submit {
						n++
					}
				}
				return n
			}
			if n := submitted(); len(o.Runs) != 2 || n != c.runs {
				t.Fatalf("of %d runs %d get a job at once, want %d of 2", len(o.Runs), n, c.runs)
			}
			waits := conditionOf(Plan(d, o).Status[1], "q", "Complete")
			if c.runs == 1 && (waits.Reason != string(WaitingForTurn) || !strings.Contains(waits.Message, "of experiment a measures first on what both use: ")) {
				t.Errorf("it does not say why it waits: %+v", waits)
			}
			o.Runs[0].Phase = v1alpha1.RunComplete
			if n := submitted(); n != 1 {
				t.Errorf("%d get a job when the first has ended, want 1", n)
			}
		})
	}
}

// TestTurns lets four experiments measure on four hosts, each host used by two or three of them: no two ever measure on
// one host at the same time, everything is measured in the end, and nobody is overtaken for ever.
func TestTurns(t *testing.T) {
	hosts := [][]string{{"n1"}, {"n1", "n2"}, {"n2", "n3"}, {"n3", "n1", "n4"}}
	for seed := uint64(1); seed <= 50; seed++ {
		rng := rand.New(rand.NewPCG(seed, 1))
		d, o := turnsWorld(hosts)
		waited := map[string]int{}
		for pass := range 400 {
			r := Plan(d, o)
			act(&o, r.Actions)
			if err := overlap(o.Runs); err != nil {
				t.Fatalf("seed %d, pass %d: %v", seed, pass, err)
			}
			for i := range o.Runs {
				run := &o.Runs[i]
				switch {
				case !active(run):
				case run.Given == nil:
					waited[run.ID]++
				case rng.IntN(3) == 0:
					run.Result = &drivers.SuiteResult{Valid: true}
				}
			}
			if len(o.Runs) == 12 && !slices.ContainsFunc(o.Runs, func(r Run) bool { return active(&r) }) {
				break
			}
			o.Now = o.Now.Add(time.Second)
		}
		for _, run := range o.Runs {
			if run.Phase != v1alpha1.RunComplete {
				t.Fatalf("seed %d: run %s is %s in the end: %s", seed, run.ID, run.Phase, run.Message)
			}
		}
		for id, n := range waited {
			if n > 60 {
				t.Errorf("seed %d: run %s waited for %d passes: others overtake it", seed, id, n)
			}
		}
	}
}

// turnsWorld has one experiment for each set of hosts, with a Ready service on all of them and three repeats to measure.
func turnsWorld(hosts [][]string) (Desired, Observed) {
	d := Desired{Store: "us", Policy: Policy{RunAttempts: 3, Stale: time.Hour, BackoffMax: time.Minute}}
	o := Observed{Now: epoch, Listing: Listing{At: epoch}, Agents: map[string]Agent{}}
	for i, nodes := range hosts {
		name := fmt.Sprintf("e%d", i)
		s := Service{Name: "s", Kind: "process", Slots: 1, Alloc: "a", Proc: "p", Job: drivers.JobSpec{Nodes: len(nodes)}, Processes: []drivers.Process{{Name: "s", Fingerprint: "p"}}}
		d.Experiments = append(d.Experiments, Experiment{Name: name, Revision: "r", Services: []Service{s},
			Benchmarks: []Benchmark{{Name: "q" + name, Target: "s", Repeats: 3, Timeout: time.Minute}}})
		id := drivers.Seat{Experiment: name, Group: "s"}
		a := Attempt{Nonce: name, Seat: id, Experiment: name, JobID: drivers.JobID(name), Alloc: "a", Settings: "", Begun: epoch, Submitted: epoch}
		o.Attempts = append(o.Attempts, a)
		o.Listing.Jobs = append(o.Listing.Jobs, drivers.Job{ID: a.JobID, Tag: drivers.Tag{Store: "us", Seat: id, Nonce: name}, State: drivers.JobRunning, Nodes: nodes})
		o.Agents[name] = Agent{State: &drivers.AgentState{Nonce: name, Processes: []drivers.ProcessState{{Name: "s", Fingerprint: "p", Phase: drivers.PhaseReady, Endpoint: "http://" + name}}}}
	}
	return d, o
}

// act does what is asked of runs.
func act(o *Observed, actions []Action) {
	for _, a := range actions {
		switch a.Verb {
		case CreateRun:
			o.Runs = append(o.Runs, *a.Run)
		case PlaceRun, UpdateRun:
			i := slices.IndexFunc(o.Runs, func(r Run) bool { return r.ID == a.Run.ID })
			o.Runs[i] = *a.Run
		}
	}
}

// overlap names two experiments that measure on one host.
func overlap(runs []Run) error {
	by := map[string]string{}
	for _, r := range runs {
		if !active(&r) {
			continue
		}
		for _, u := range r.Uses {
			if other := by[u]; other != "" && other != r.Experiment {
				return fmt.Errorf("%s and %s measure on %s at the same time", other, r.Experiment, u)
			}
			by[u] = r.Experiment
		}
	}
	return nil
}
