package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// anyWorld draws a world with everything in it that can go wrong.
func anyWorld(t *rapid.T) (Desired, Observed) {
	d := Desired{Store: "us", Policy: Policy{Settle: 30 * time.Second, Stale: 30 * time.Second, BackoffMax: 5 * time.Minute, Proven: 10 * time.Minute, RunAttempts: 3}}
	o := Observed{Now: epoch, Listing: Listing{At: epoch}, Agents: map[string]Agent{}, Externals: map[string]External{}, Previous: map[string]v1alpha1.ExperimentStatus{}}
	pick := func(name string, words ...string) string { return rapid.SampledFrom(words).Draw(t, name) }
	flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
	for _, name := range []string{"a", "b"} {
		e := Experiment{Name: name, Revision: "r", Generation: 1, Suspend: pick("suspend", "n", "n", "n", "y") == "y", Deleting: pick("deleting", "n", "n", "n", "y") == "y",
			StopDone: flag("stop"), Prune: flag("prune")}
		for _, s := range []string{"x", "y"} {
			if flag("declared") {
				v := Service{Name: s, Slots: rapid.IntRange(0, 2).Draw(t, "slots"), Alloc: pick("alloc", "a1", "a2"), Proc: pick("proc", "p1", "p2"), Settings: pick("settings", "s1", "s2"),
					Within: time.Minute, Restarts: 2, Backoff: 10 * time.Second, Group: pick("shared", "", "", "g")}
				if v.Group != "" {
					v.Slots = 1
				}
				v.Processes = []drivers.Process{{Name: s, Fingerprint: v.Proc}}
				anyScale(t, &v, name, &o)
				e.Services = append(e.Services, v)
				if flag("benchmark") {
					e.Benchmarks = append(e.Benchmarks, Benchmark{Name: "q" + s, Target: s, Repeats: 2, Timeout: time.Minute})
				}
			}
		}
		d.Experiments = append(d.Experiments, e)
	}
	anyAttempts(t, &o)
	for i := range rapid.IntRange(0, 3).Draw(t, "runs") {
		r := Run{ID: fmt.Sprintf("run%d", i), Experiment: pick("of", "a", "b"), Benchmark: pick("bench", "qx", "qy"), Repeat: 1, Attempt: 1, Key: pick("key", "k1", "k2"),
			Phase: pick("phase", v1alpha1.RunPending, v1alpha1.RunRunning, v1alpha1.RunComplete, v1alpha1.RunLost), Nonce: pick("nonce", "", "n0", "n1")}
		if flag("result") {
			r.Result = &drivers.SuiteResult{Valid: true}
		}
		o.Runs = append(o.Runs, r)
	}
	if flag("folder") {
		d.Experiments[0].Services = append(d.Experiments[0].Services, Service{Name: "dir", Kind: "lustre", Lustre: &v1alpha1.Lustre{Path: "/d"}})
		o.Folders = map[string]Folder{"a/dir": {Exists: flag("exists"), FreeBytes: -1, FreeInodes: -1}}
	}
	if flag("record") {
		o.Records = []FolderRecord{{Experiment: "a", Service: pick("recorded", "dir", "x"), Spec: v1alpha1.Lustre{Path: pick("path", "/d", "/e")}}}
	}
	if pick("listing", "ok", "ok", "ok", "down") == "down" {
		o.Listing = Listing{At: epoch, Err: "down"}
	}
	return d, o
}

// anyScale draws what scales a service, what is remembered of it, and what its metric says.
func anyScale(t *rapid.T, s *Service, experiment string, o *Observed) {
	if s.Group != "" || !rapid.Bool().Draw(t, "scaled") {
		return
	}
	s.Slots, s.Scale = 1, &Scale{Min: 1, Max: 3, Metric: "m", Target: 10, Tolerance: 0.1, Every: 15 * time.Second, Jobs: rapid.IntRange(0, 4).Draw(t, "jobs")}
	key := experiment + "/" + s.Name
	if o.Scaled == nil {
		o.Scaled, o.Answers = map[string]Scaled{}, map[string]Answer{}
	}
	if rapid.Bool().Draw(t, "remembered") {
		r := Scaled{Experiment: experiment, Service: s.Name, Number: rapid.IntRange(-1, 5).Draw(t, "number")}
		r.anew(epoch.Add(time.Duration(rapid.IntRange(-90, 90).Draw(t, "since")) * time.Second))
		o.Scaled[key] = r
	}
	if rapid.Bool().Draw(t, "answered") {
		o.Answers[key] = Answer{Metric: "m", Value: rapid.Float64().Draw(t, "value"), At: epoch, Age: time.Duration(rapid.IntRange(0, 300).Draw(t, "old")) * time.Second}
	}
}

// A number that a metric asks for is within its range, and follows a fresh answer alone.
func TestNumbersAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, o := anyWorld(t)
		r := Plan(d, o)
		for _, st := range r.Status {
			for _, s := range st.Services {
				if s.Scale != nil && (s.Replicas < s.Scale.Min || s.Replicas > s.Scale.Max) {
					t.Fatalf("%s has %d replicas: %+v", s.Name, s.Replicas, s.Scale)
				}
			}
		}
		for _, a := range r.Actions {
			if a.Verb != Remember || a.Quiet {
				continue
			}
			key := a.Scaled.Experiment + "/" + a.Scaled.Service
			if n := a.Scaled.Number; n < 1 || n > 3 || o.Answers[key].Age > staleAnswer || !o.Answers[key].At.Equal(a.Scaled.Answered) {
				t.Fatalf("%+v after %+v", *a.Scaled, o.Answers[key])
			}
		}
	})
}

// anyAttempts draws attempts with their jobs and agents.
func anyAttempts(t *rapid.T, o *Observed) {
	pick := func(name string, words ...string) string { return rapid.SampledFrom(words).Draw(t, name) }
	flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
	states := []drivers.JobState{drivers.JobPending, drivers.JobRunning, drivers.JobRunning, drivers.JobCompleting, drivers.JobFailed, drivers.JobCancelled, drivers.JobNodeFail}
	for i := range rapid.IntRange(0, 8).Draw(t, "attempts") {
		nonce := fmt.Sprintf("n%d", i)
		seat := drivers.Seat{Experiment: pick("experiment", "a", "b"), Group: pick("group", "x", "y", "z", "g"), Slot: rapid.IntRange(0, 2).Draw(t, "slot")}
		a := Attempt{Nonce: nonce, Seat: seat, Experiment: seat.Experiment, Alloc: pick("was", "a1", "a2"), Settings: pick("set", "s1", "s2"),
			Begun: epoch.Add(-time.Duration(rapid.IntRange(0, 600).Draw(t, "age")) * time.Second), Cancelled: Reason(pick("cancelled", "", "", string(Removed), string(ReadinessDeadline)))}
		if flag("ended") {
			a.End = &End{Reason: JobFailed, At: epoch.Add(-time.Second), Failure: flag("failure")}
		}
		if pick("record", "good", "good", "good", "damaged") == "damaged" {
			a = Attempt{Nonce: nonce, Seat: seat, Experiment: seat.Experiment, Begun: a.Begun, Damaged: "its record is torn"}
		}
		o.Attempts = append(o.Attempts, a)
		for k := range rapid.IntRange(0, 2).Draw(t, "jobs") {
			o.Listing.Jobs = append(o.Listing.Jobs, drivers.Job{ID: drivers.JobID(fmt.Sprint(100*i + k)), State: rapid.SampledFrom(states).Draw(t, "state"),
				Tag: drivers.Tag{Store: pick("store", "us", "us", "them"), Seat: seat, Nonce: nonce}})
		}
		if flag("agent") {
			p := drivers.ProcessState{Name: seat.Group, Fingerprint: pick("runs", "p1", "p2"), Phase: pick("phase", "Ready", "Starting", "Failed"), PhaseFor: 90, Endpoint: "http://n:1"}
			o.Agents[nonce] = Agent{Desired: drivers.AgentDesired{Generation: 1, Nonce: nonce, Processes: []drivers.Process{{Name: seat.Group, Fingerprint: p.Fingerprint}}},
				State: &drivers.AgentState{Nonce: nonce, Generation: 1, Processes: []drivers.ProcessState{p}}, StillFor: time.Duration(rapid.IntRange(0, 120).Draw(t, "still")) * time.Second}
			anyWords(t, o, nonce, seat.Group)
		}
	}
}

// anyWords draws what witnesses say of a silent agent.
func anyWords(t *rapid.T, o *Observed, nonce, process string) {
	a := o.Agents[nonce]
	a.Servers = rapid.SampledFrom([]Word{"", Answers, Refuses, Refuses, Unasked}).Draw(t, "servers")
	a.RefusedFor = time.Duration(rapid.IntRange(0, 90).Draw(t, "refused")) * time.Second
	a.Err = rapid.SampledFrom([]string{"", "", "", "permission denied"}).Draw(t, "unreadable")
	o.Agents[nonce] = a
	if h := rapid.IntRange(0, 90).Draw(t, "down"); h > 0 {
		if o.Metrics.Targets == nil {
			o.Metrics = Metrics{Targets: map[string]drivers.Health{}, Down: map[string]time.Duration{}}
		}
		o.Metrics.Targets[nonce+"/"+process] = drivers.Health{}
		o.Metrics.Down[nonce+"/"+process] = time.Duration(h) * time.Second
	}
}

// What is silent is given up only when a second source, through the network, has said the same for a while; and of the seats
// of a service one is replaced at a time.
func TestSilenceNeedsASecondWitness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, o := anyWorld(t)
		replaced := map[string]int{}
		for _, a := range Plan(d, o).Actions {
			if a.Verb != Cancel || !onOurOwn(a.Reason) || strings.Contains(a.Message, "cancelled before") {
				continue
			}
			if replaced[a.Object]++; replaced[a.Object] > 1 {
				t.Fatalf("a second seat is replaced: %s", a.Message)
			}
			g := o.Agents[a.Nonce]
			second := g.Servers == Refuses && g.RefusedFor > d.Policy.Stale
			for _, p := range g.State.Processes {
				second = second || g.Servers != Answers && o.Metrics.Down[a.Nonce+"/"+p.Name] > d.Policy.Stale
			}
			if a.Reason == AgentLost && (g.Err != "" || g.StillFor <= 3*d.Policy.Stale || !second) {
				t.Fatalf("given up: %+v\n%s", g, a.Message)
			}
		}
	})
}

// shuffled is the same world in another order.
func shuffled(d Desired, o Observed, seed uint64) (Desired, Observed) {
	r := rand.New(rand.NewPCG(seed, 1))
	mix := func(n int, swap func(i, j int)) { r.Shuffle(n, swap) }
	d.Experiments, o.Attempts, o.Runs, o.Listing.Jobs = slices.Clone(d.Experiments), slices.Clone(o.Attempts), slices.Clone(o.Runs), slices.Clone(o.Listing.Jobs)
	mix(len(d.Experiments), func(i, j int) { d.Experiments[i], d.Experiments[j] = d.Experiments[j], d.Experiments[i] })
	mix(len(o.Attempts), func(i, j int) { o.Attempts[i], o.Attempts[j] = o.Attempts[j], o.Attempts[i] })
	mix(len(o.Runs), func(i, j int) { o.Runs[i], o.Runs[j] = o.Runs[j], o.Runs[i] })
	mix(len(o.Listing.Jobs), func(i, j int) { o.Listing.Jobs[i], o.Listing.Jobs[j] = o.Listing.Jobs[j], o.Listing.Jobs[i] })
	return d, o
}

func TestDeterministicAndOrderFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, o := anyWorld(t)
		want := Plan(d, o)
		d2, o2 := shuffled(d, o, rapid.Uint64().Draw(t, "shuffle"))
		if diff := cmp.Diff(want, Plan(d2, o2)); diff != "" {
			t.Fatalf("another order, another answer:\n%s", diff)
		}
	})
}

func TestForeignJobsAreNeverTouched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, o := anyWorld(t)
		foreign := map[drivers.JobID]bool{}
		for _, j := range o.Listing.Jobs {
			foreign[j.ID] = j.Tag.Store != d.Store
		}
		for _, a := range Plan(d, o).Actions {
			if foreign[a.JobID] {
				t.Fatalf("%s of another store's job %s: %s", a.Verb, a.JobID, a.Message)
			}
		}
	})
}

func TestNothingIsDoneOnUnknown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, o := anyWorld(t)
		o.Listing = Listing{At: epoch, Err: "down"}
		for _, a := range Plan(d, o).Actions {
			if slices.Contains([]Verb{Submit, Cancel, Close, Adopt, Reconfigure, Forget}, a.Verb) {
				t.Fatalf("%s although the scheduler did not answer: %s", a.Verb, a.Message)
			}
		}
	})
}

// A seat with an open attempt is never submitted for, unless the same pass closes that attempt first; and never twice.
func TestOneSubmissionASeat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, o := anyWorld(t)
		occupied := map[drivers.Seat]int{}
		for _, a := range o.Attempts {
			if a.End == nil {
				occupied[a.Seat]++
			}
		}
		for _, a := range Plan(d, o).Actions {
			switch a.Verb {
			case Close:
				occupied[a.Seat]--
			case Submit:
				if occupied[a.Seat] > 0 {
					t.Fatalf("seat %s is occupied, and submitted for: %s", a.Seat, a.Message)
				}
				occupied[a.Seat]++
			}
		}
	})
}

// Every action says why, and conditions come with a reason; a seat is never Reconciling and Stalled at once.
func TestEverythingHasAReason(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Plan(anyWorld(t))
		for _, a := range r.Actions {
			if a.Reason == "" || a.Message == "" || a.Object == "" {
				t.Fatalf("%+v does not say why", a)
			}
		}
		for _, x := range r.Status {
			for _, s := range x.Services {
				for _, c := range s.Conditions {
					if c.Reason == "" || c.Status == "" {
						t.Fatalf("service %s: %+v", s.Name, c)
					}
				}
				if v1alpha1.Find(s.Conditions, v1alpha1.Reconciling).Status == v1alpha1.True && v1alpha1.Find(s.Conditions, v1alpha1.Stalled).Status == v1alpha1.True {
					t.Fatalf("service %s is both Reconciling and Stalled", s.Name)
				}
			}
		}
	})
}

// The inputs are read, never written: what Plan marks for itself stays its own.
func TestInputsAreLeftAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, o := anyWorld(t)
		before := fmt.Sprintf("%+v", o.Attempts) + fmt.Sprintf("%+v", o.Runs)
		Plan(d, o)
		if after := fmt.Sprintf("%+v", o.Attempts) + fmt.Sprintf("%+v", o.Runs); after != before {
			t.Fatalf("Plan changed its input:\n%s\n%s", before, after)
		}
	})
}

func TestGuard(t *testing.T) {
	for name, tc := range map[string]struct {
		old, new []string
		refused  bool
	}{
		"nothing was":     {nil, nil, false},
		"first":           {nil, []string{"a"}, false},
		"one stays":       {[]string{"a", "b"}, []string{"b"}, false},
		"empty":           {[]string{"a"}, nil, true},
		"all are others":  {[]string{"a", "b"}, []string{"c"}, true},
		"more than there": {[]string{"a"}, []string{"a", "b"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Guard(tc.old, tc.new); (err != nil) != tc.refused {
				t.Errorf("Guard: %v", err)
			}
		})
	}
}

// settledWorld has n services that are all as declared, and lists many more jobs.
func settledWorld(n, jobs int) (Desired, Observed) {
	d := Desired{Store: "us", Policy: Policy{Settle: 30 * time.Second, Stale: 30 * time.Second, Proven: time.Hour}}
	o := Observed{Now: epoch, Listing: Listing{At: epoch}, Agents: map[string]Agent{}, Previous: map[string]v1alpha1.ExperimentStatus{}}
	e := Experiment{Name: "big", Revision: "r", Generation: 1}
	for i := range n {
		name, nonce := fmt.Sprintf("s%d", i), fmt.Sprintf("n%d", i)
		s := Service{Name: name, Slots: 1, Alloc: "a", Proc: "p", Settings: "s", Within: time.Minute, Processes: []drivers.Process{{Name: name, Fingerprint: "p", Argv: []string{"serve"}}}}
		e.Services = append(e.Services, s)
		seat := drivers.Seat{Experiment: "big", Group: name}
		o.Attempts = append(o.Attempts, Attempt{Nonce: nonce, Seat: seat, Experiment: "big", Alloc: "a", Settings: "s", Begun: epoch.Add(-time.Hour), JobID: drivers.JobID(fmt.Sprint(i))})
		o.Listing.Jobs = append(o.Listing.Jobs, drivers.Job{ID: drivers.JobID(fmt.Sprint(i)), State: drivers.JobRunning, Tag: drivers.Tag{Store: "us", Seat: seat, Nonce: nonce}})
		o.Agents[nonce] = Agent{Desired: drivers.AgentDesired{Generation: 1, Nonce: nonce, Processes: s.Processes},
			State: &drivers.AgentState{Nonce: nonce, Generation: 1, Processes: []drivers.ProcessState{{Name: name, Fingerprint: "p", Phase: drivers.PhaseReady, PhaseFor: 60, Endpoint: "http://n:1"}}}}
	}
	for i := len(o.Listing.Jobs); i < jobs; i++ {
		o.Listing.Jobs = append(o.Listing.Jobs, drivers.Job{ID: drivers.JobID(fmt.Sprint(i)), State: drivers.JobRunning, Tag: drivers.Tag{Store: "them", Nonce: fmt.Sprint(i)}})
	}
	d.Experiments = []Experiment{e}
	return d, o
}

func TestFixpoint(t *testing.T) {
	d, o := settledWorld(50, 100)
	if r := Plan(d, o); len(r.Actions) > 0 {
		t.Errorf("all is as declared, and yet: %+v", r.Actions)
	}
	if steps := Diff(d, o); len(steps) > 0 {
		t.Errorf("all is as declared, and yet: %+v", steps)
	}
}

// BenchmarkPlanNoChange is a pass over 1,000 services and 10,000 listed jobs in which nothing is to do.
func BenchmarkPlanNoChange(b *testing.B) {
	d, o := settledWorld(1000, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		if r := Plan(d, o); len(r.Actions) > 0 {
			b.Fatal(r.Actions[0])
		}
	}
}
