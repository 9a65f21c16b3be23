package reconciler

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// declare accepts another experiment beside the simulation's own.
func (w *sim) declare(t *testing.T, name string) {
	t.Helper()
	spec := clone(w.manifest())
	spec.Metadata.Name, spec.Spec.Benchmarks = name, nil
	spec.Spec.Services = slices.DeleteFunc(spec.Spec.Services, func(s v1alpha1.Service) bool { return s.Name != "web" })
	spec.Spec.Services[0].DependsOn = nil
	if _, _, err := w.store.Accept(store.Revision{Experiment: name, Owner: "apply", Prune: true, Spec: spec, Site: w.loop.Site}); err != nil {
		t.Fatal(err)
	}
}

// tear cuts the newest file of a pattern in its first record, and returns its path.
func (w *sim) tear(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(w.dir, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no file is called %s: %v", pattern, err)
	}
	path := found[len(found)-1]
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, b[:min(len(b)/2, 40)], 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (w *sim) passes(n int) {
	for range n {
		w.pass()
		w.cluster.Advance(w.step)
	}
}

func (w *sim) statusOf(name string) v1alpha1.ExperimentStatus {
	for _, s := range w.status {
		if s.Name == name {
			return s
		}
	}
	return v1alpha1.ExperimentStatus{}
}

// ours are the live jobs of an experiment.
func (w *sim) ours(experiment string) []drivers.JobID {
	var out []drivers.JobID
	for _, j := range w.cluster.Live() {
		if j.Tag.Store == w.store.ID() && j.Tag.Seat.Experiment == experiment {
			out = append(out, j.ID)
		}
	}
	return out
}

// TestATornRevisionConcernsItsExperiment: everything of it stays as it is, its status says why, the other experiment goes on,
// and applying again goes on with it (C28).
func TestATornRevisionConcernsItsExperiment(t *testing.T) {
	w := calm(t)
	w.settled(t)
	before := w.ours("exp")
	path := w.tear(t, "revisions/exp/*.json")
	w.declare(t, "other")
	w.passes(10)
	if ready := v1alpha1.Find(w.statusOf("other").Conditions, v1alpha1.Ready); ready.Status != v1alpha1.True {
		t.Errorf("the other experiment: %+v", ready)
	}
	if now := w.ours("exp"); !slices.Equal(now, before) {
		t.Errorf("its jobs were %v and are %v", before, now)
	}
	st := w.statusOf("exp")
	stalled := v1alpha1.Find(st.Conditions, v1alpha1.Stalled)
	if stalled.Reason != "DamagedRecord" || !strings.Contains(stalled.Message, path) || !strings.Contains(stalled.Message, "assay undo exp") {
		t.Errorf("its status does not name the file and the way out: %+v", stalled)
	}
	if ready := v1alpha1.Find(st.Conditions, v1alpha1.Ready); ready.Status != v1alpha1.Unknown || len(st.Services) == 0 || st.Services[0].Ready != 0 {
		t.Errorf("it is shown as %+v, %+v", ready, st.Services)
	}
	events, err := w.store.Events("exp")
	named := 0
	for _, e := range events {
		if e.Reason == "DamagedRecord" {
			named += e.Count
		}
	}
	if err != nil || named != 1 {
		t.Errorf("it was named %d times in the events, %v", named, err)
	}
	w.apply()
	w.until(t, "Ready again", func() bool {
		st := w.statusOf("exp")
		return st.Generation == w.generation && v1alpha1.Find(st.Conditions, v1alpha1.Ready).Status == v1alpha1.True
	})
	if now := w.ours("exp"); w.generation != 2 || !slices.Equal(now, before) {
		t.Errorf("generation %d; the jobs were %v and are %v", w.generation, before, now)
	}
}

// TestATornIntent: the seat stays filled, and the record is made anew from the job's mark, with the damaged file set aside.
func TestATornIntent(t *testing.T) {
	w := calm(t)
	w.settled(t)
	w.declare(t, "other")
	before := w.ours("exp")
	nonce := w.jobOf("llm").Tag.Nonce
	path := w.tear(t, "intents/"+nonce+".json")
	w.restart() // a controller that runs knows its attempts, and does not read the file
	w.passes(10)
	if err := w.check(); err != nil {
		t.Error(err)
	}
	if now := w.ours("exp"); !slices.Equal(now, before) {
		t.Errorf("the jobs were %v and are %v", before, now)
	}
	for _, name := range []string{"exp", "other"} {
		if ready := v1alpha1.Find(w.statusOf(name).Conditions, v1alpha1.Ready); ready.Status != v1alpha1.True {
			t.Errorf("%s: %+v", name, ready)
		}
	}
	attempts, err := w.store.Attempts()
	i := slices.IndexFunc(attempts, func(a plan.Attempt) bool { return a.Nonce == nonce })
	if err != nil || i < 0 || attempts[i].JobID == "" || attempts[i].Alloc == "" {
		t.Errorf("its record was not made anew: %+v, %v", attempts, err)
	}
	if aside, _ := filepath.Glob(filepath.Join(w.dir, "archive", "damaged-*"+filepath.Base(path))); len(aside) != 1 {
		t.Errorf("set aside: %q", aside)
	}
	w.model = "b" // what it was submitted as is known again: the change needs no other job
	w.apply()
	w.until(t, "Ready at the new revision", func() bool {
		st := w.statusOf("exp")
		return st.Generation == w.generation && v1alpha1.Find(st.Conditions, v1alpha1.Ready).Status == v1alpha1.True
	})
	if now := w.ours("exp"); !slices.Equal(now, before) {
		t.Errorf("after a change in place the jobs were %v and are %v", before, now)
	}
}

// TestATornIntentOfNoJob frees its seat once the scheduler has answered after the settle time.
func TestATornIntentOfNoJob(t *testing.T) {
	w := calm(t)
	w.settled(t)
	job := w.jobOf("llm")
	w.cluster.Kill(job.ID)
	w.cluster.Advance(20 * time.Minute) // the scheduler has forgotten it
	w.tear(t, "intents/"+job.Tag.Nonce+".json")
	w.settled(t)
	if now := w.jobOf("llm"); now.ID == job.ID || now.ID == "" {
		t.Errorf("its seat is filled by %+v", now)
	}
}

// TestATornRevisionAndIntent: what the job was submitted as cannot be told, so it is left as it is, and nothing else is
// submitted for its experiment.
func TestATornRevisionAndIntent(t *testing.T) {
	w := calm(t)
	w.settled(t)
	before := w.ours("exp")
	w.tear(t, "revisions/exp/*.json")
	w.tear(t, "intents/"+w.jobOf("llm").Tag.Nonce+".json")
	w.model, w.slots = "b", 2
	w.apply()
	w.restart()
	w.passes(10)
	if now := w.ours("exp"); !slices.Equal(now, before) {
		t.Errorf("the jobs were %v and are %v", before, now)
	}
	if s := v1alpha1.Find(w.statusOf("exp").Conditions, v1alpha1.Stalled); s.Reason != "DamagedRecord" || !strings.Contains(s.Message, "intents/") {
		t.Errorf("its status: %+v", s)
	}
	w.cluster.Kill(w.jobOf("llm").ID) // as the advice says
	w.until(t, "Ready again", func() bool {
		return v1alpha1.Find(w.statusOf("exp").Conditions, v1alpha1.Ready).Status == v1alpha1.True && len(w.ours("exp")) == 3
	})
}

// TestATornDesired is written anew, and what runs goes on meanwhile.
func TestATornDesired(t *testing.T) {
	w := calm(t)
	w.settled(t)
	web := w.jobOf("web")
	path := w.tear(t, "jobs/exp/web-0/"+web.Tag.Nonce+"/desired.json")
	w.pass()
	d, err := w.store.ReadDesired(web.Tag.Seat, web.Tag.Nonce)
	if err != nil || len(d.Processes) != 1 || d.Generation < 2 {
		t.Errorf("it was not written anew: %+v, %v", d, err)
	}
	if e := w.event(t, "DamagedRecord"); !strings.Contains(e.Message, path) {
		t.Errorf("it is not named: %+v", e)
	}
	w.settled(t)
	if now := w.jobOf("web"); now.ID != web.ID {
		t.Errorf("job %s became %s", web.ID, now.ID)
	}
}

// TestTornRuns: a run that is going on is recorded anew, once, and one that has ended keeps no other from going on.
func TestTornRuns(t *testing.T) {
	w := calm(t)
	w.apply()
	w.until(t, "a run is going on", func() bool {
		found, _ := filepath.Glob(filepath.Join(w.dir, "runs/exp/bench-*/claim.json"))
		return len(found) > 0
	})
	w.tear(t, "runs/exp/bench-1-*/run.json")
	if err := w.converge(); err != nil {
		t.Error(err)
	}
}

// TestTornReports: what is rebuilt by itself.
func TestTornReports(t *testing.T) {
	w := calm(t)
	w.settled(t)
	w.tear(t, "status/exp.json")
	w.tear(t, "jobs/exp/web-0/*/state.json")
	w.tear(t, "lease/*.json")
	w.tear(t, "targets/assay.json")
	before := w.ours("exp")
	w.restart() // one that runs writes a status again when it changes; until then readers look by themselves
	w.settled(t)
	if now := w.ours("exp"); !slices.Equal(now, before) {
		t.Errorf("the jobs were %v and are %v", before, now)
	}
	if _, ok, err := w.store.Status("exp"); !ok || err != nil {
		t.Errorf("the status: %v, %v", ok, err)
	}
}

// TestRunsThatCannotBeReadNow: they may be good, so nothing is done again.
func TestRunsThatCannotBeReadNow(t *testing.T) {
	w := calm(t)
	w.settled(t)
	before, results := w.ours("exp"), w.cluster.Results()
	runs := filepath.Join(w.dir, "finished/exp")
	must(func() error { return os.Rename(runs, runs+".away") })
	must(func() error { return os.WriteFile(runs, nil, 0o600) })
	w.restart() // one that runs knows them
	w.passes(10)
	if s := v1alpha1.Find(w.statusOf("exp").Conditions, v1alpha1.Stalled); s.Reason != "RunsUnreadable" || !strings.Contains(s.Message, runs) {
		t.Errorf("its status: %+v", s)
	}
	must(func() error { return os.Remove(runs) })
	must(func() error { return os.Rename(runs+".away", runs) })
	w.passes(5)
	if now := w.ours("exp"); !slices.Equal(now, before) || len(w.cluster.Results()) != len(results) {
		t.Errorf("the jobs were %v and are %v; the results %v", before, now, w.cluster.Results())
	}
	if !w.done() {
		t.Errorf("it did not go on: %s", w.complaints())
	}
}
