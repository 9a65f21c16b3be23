package reconciler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/fake"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// trouble does something to the world, most of the time.
func (w *sim) trouble() {
	if w.cluster.Frozen() && !w.cluster.Now().Before(w.thawAt) {
		w.note("thaw")
		w.cluster.Thaw()
	}
	if w.disk.err != nil && !w.cluster.Now().Before(w.disk.until) {
		w.room()
	}
	w.sound()
	switch w.rng.IntN(38) {
	case 0:
		w.note("freeze")
		w.thawAt = w.cluster.Now().Add(w.upTo(50 * time.Second))
		w.cluster.Freeze()
	case 1:
		n := 1 + w.rng.IntN(2)
		w.note("the scheduler forgets %d jobs", n)
		w.cluster.Restart(n)
	case 2:
		name := fmt.Sprintf("n%d", 1+w.rng.IntN(10))
		w.note("node %s fails", name)
		w.cluster.FailNode(name)
	case 3:
		w.cluster.RestoreNodes()
	case 4, 5:
		w.someJob(func(j drivers.Job) { w.note("job %s is cancelled by hand", j.ID); w.cluster.Kill(j.ID) })
	case 6:
		w.someJob(func(j drivers.Job) {
			fail := w.rng.IntN(2) == 0
			w.note("the agent of job %s dies, job too: %v", j.ID, fail)
			w.cluster.CrashAgent(j.ID, fail)
		})
	case 7, 8:
		w.cluster.SetFaults(fake.Faults{Reject: w.share(), Refuse: w.share(), Swallow: w.share(), Silent: w.share(), List: w.share()})
	case 9, 10, 11, 12:
		w.edit()
		w.apply()
	case 13:
		w.usurp()
	case 14:
		w.elsewhere()
	case 15:
		w.copied()
	case 16, 21, 22:
		w.leave()
	case 17, 18, 19, 20:
		w.someJob(w.administrate)
	case 23:
		w.fill()
	case 24, 25, 26:
		w.harm()
	case 27:
		w.backUp()
	case 32, 33, 34:
		w.silence()
	case 35:
		w.setClock()
	case 30:
		w.someJob(func(j drivers.Job) {
			w.note("the supervisor of job %s is killed", j.ID)
			w.cluster.KillSupervisor(j.ID)
		})
	case 31:
		w.someJob(func(j drivers.Job) {
			w.note("the agent of job %s dies, its server lives on", j.ID)
			w.cluster.OrphanServers(j.ID)
		})
	case 36, 37:
		w.hang()
	}
}

// administrate does to a job what an administrator, or the scheduler on its own, can do to it.
func (w *sim) administrate(j drivers.Job) {
	c := w.cluster
	acts := []struct {
		what string
		do   func()
	}{
		{"is held", func() { c.Hold(j.ID) }},
		{"is released", func() { c.Release(j.ID) }},
		{"is suspended", func() { c.Suspend(j.ID) }},
		{"is resumed", func() { c.Resume(j.ID) }},
		{"gets another day", func() { c.SetLimit(j.ID, j.Limit+24*time.Hour) }},
		{"gets one minute more", func() { c.SetLimit(j.ID, c.Now().Sub(j.Started)+time.Minute) }},
		{"is requeued", func() { c.Requeue(j.ID) }},
		{"is preempted", func() { c.Preempt(j.ID) }},
		{"finds a node that does not boot", func() { c.FailBoot(j.ID) }},
		{"will not stop completing", func() { c.Stick(j.ID, true) }},
		{"loses its node", func() { c.LoseNode(j.ID) }},
		{"is in a state that no assay knows", func() { c.Obscure(j.ID, true) }},
		{"is in a known state", func() { c.Obscure(j.ID, false) }},
	}
	a := acts[w.rng.IntN(len(acts))]
	w.note("job %s %s", j.ID, a.what)
	a.do()
}

func (w *sim) share() float64 { return 0.2 * w.rng.Float64() }

// someJob picks a live job of ours.
func (w *sim) someJob(f func(drivers.Job)) {
	var ours []drivers.Job
	for _, j := range w.cluster.Live() {
		if j.Tag.Store == w.store.ID() {
			ours = append(ours, j)
		}
	}
	if len(ours) > 0 {
		f(ours[w.rng.IntN(len(ours))])
	}
}

// edit changes one thing in the manifest.
func (w *sim) edit() {
	switch w.rng.IntN(9) {
	case 0:
		w.model = []string{"a", "b"}[w.rng.IntN(2)]
	case 1:
		w.slots = w.rng.IntN(3)
	case 2:
		w.repeats = 1 + w.rng.IntN(3)
	case 3:
		w.limit = []time.Duration{12 * time.Hour, 10 * time.Hour, 14 * time.Hour, time.Minute}[w.rng.IntN(4)]
	case 4:
		w.web = !w.web
	case 5:
		w.webNodes = 1 + w.rng.IntN(2)
	case 6:
		w.suspend = !w.suspend
	case 7, 8:
		w.gone = !w.gone
	}
}

// usurp lets another controller take the lease while this one lives on without knowing; the old one must not do anything more.
func (w *sim) usurp() {
	old, flying := w.loop, w.flights.aside()
	w.note("another controller takes over")
	w.restart()
	if w.surviving(func() { w.flights.finish(flying) }) { // what the old one has begun ends some time
		w.restart()
		return
	}
	var err error
	if w.surviving(func() { _, err = old.Pass(context.Background()) }) {
		return
	}
	if !errors.Is(err, store.ErrLeaseLost) {
		w.broken = fmt.Errorf("a controller without the lease made a pass: %v", err)
	}
}

// hang lets the servers of a job hang.
func (w *sim) hang() {
	w.someJob(func(j drivers.Job) { w.note("the servers of job %s hang", j.ID); w.cluster.Hang(j.ID) })
}

// peace ends all faults and declares what has to be there in the end.
func (w *sim) peace() {
	w.note("peace")
	w.crash, w.backAt, w.flights.rate = nil, time.Time{}, 0
	w.room()
	w.present()
	w.cluster.SetFaults(fake.Faults{})
	w.cluster.Thaw()
	w.cluster.RestoreNodes()
	w.cluster.Calm()
	w.soundAt, w.offset = w.cluster.Now(), 0
	w.sound()
	w.cluster.SetRunFaults(fake.RunFaults{})
	w.model, w.slots, w.repeats, w.limit, w.web, w.webNodes, w.suspend, w.gone = "a", 2, 2, 12*time.Hour, true, 1, false, false
	w.loads.calm = true
	w.budget = 0
	w.apply()
}

// obey is a person who does what a status asks for where assay cannot go on alone: a revision and the record of a submission
// that names it are both damaged.
func (w *sim) obey() {
	for _, st := range w.status {
		var id drivers.JobID
		if c := v1alpha1.Find(st.Conditions, v1alpha1.Stalled); c.Reason == string(plan.DamagedRecord) {
			if n, _ := fmt.Sscanf(c.Message, "what job %s was submitted as cannot be told", &id); n == 1 {
				w.note("the user cancels job %s", id)
				w.cluster.Kill(id)
			}
		}
	}
}

// errDouble is the harm that intents prevent.
var errDouble = errors.New("a seat had more than one live job at once")

// check tests what has to hold at any time.
func (w *sim) check() error {
	if w.broken != nil {
		return w.broken
	}
	if seat, n := w.cluster.MaxLive(); n > 1 {
		return fmt.Errorf("%w: seat %s had %d", errDouble, seat, n)
	}
	if err := w.bothSites(); err != nil {
		return err
	}
	if ids := w.cluster.Disturbed(); len(ids) > 0 {
		return fmt.Errorf("foreign jobs %v were touched", ids)
	}
	if ids := w.cluster.Shortened(); len(ids) > 0 {
		return fmt.Errorf("jobs %v got a limit that ended them, or less than an administrator had given them", ids)
	}
	if all := w.cluster.Astray(); len(all) > 0 {
		return errors.New(all[0])
	}
	if err := w.afforded(); err != nil {
		return err
	}
	if err := w.spared(); err != nil {
		return err
	}
	for id, n := range w.cluster.Results() {
		if n > 1 {
			return fmt.Errorf("run %s was executed %d times", id, n)
		}
	}
	return nil
}

// done reports whether the controller says that all is as declared.
func (w *sim) done() bool {
	if len(w.status) != 1 || w.status[0].Generation != w.generation {
		return false
	}
	for _, typ := range []string{v1alpha1.Ready, v1alpha1.Complete} {
		if v1alpha1.Find(w.status[0].Conditions, typ).Status != v1alpha1.True {
			return false
		}
	}
	return w.settledNumber()
}

// final compares what is there in the end with what was declared: believing the cluster, not the status.
func (w *sim) final() error {
	live := map[string]int{}
	for _, j := range w.cluster.Live() {
		if j.Tag.Store == w.store.ID() {
			live[j.Tag.Seat.Group]++
			if j.State != drivers.JobRunning {
				return fmt.Errorf("job %s of %s is %s in the end", j.ID, j.Tag.Seat, j.State)
			}
		}
	}
	web := 0
	if w.web {
		web = 1
	}
	if err := w.toldOnce(); err != nil {
		return err
	}
	if w.renews && live["web"] == 2 { // at a hand-over
		live["web"]--
	}
	if live["llm"] != w.slots || live["web"] != web || len(live) != web+min(w.slots, 1) {
		return fmt.Errorf("in the end the live jobs are %v", live)
	}
	return w.runsDone()
}

// runsDone demands every repeat exactly once: none lost, none executed to its end and then again.
func (w *sim) runsDone() error {
	runs, err := w.store.Runs("exp")
	if _, err = store.Tolerate(err); err != nil {
		return err
	}
	results := w.cluster.Results()
	complete, perKey := map[string]int{}, map[string]int{}
	for _, r := range runs {
		if r.Phase == v1alpha1.RunComplete {
			perKey[r.Key]++
			if err := executedBy(r); err != nil {
				return err
			}
		}
		if r.Phase == v1alpha1.RunLost && r.Reason != plan.JobSuspended && results[r.ID] > 0 { // a suspended run's result does not count
			return fmt.Errorf("run %s was executed to its end and counted as lost", r.ID)
		}
		if perKey[r.Key] > 1 {
			return fmt.Errorf("key %s of run %s was executed %d times", r.Key, r.ID, perKey[r.Key])
		}
	}
	if err := w.summedUp(runs); err != nil {
		return err
	}
	if err := w.roundsInOrder(runs); err != nil {
		return err
	}
	if err := w.judgedRuns(); err != nil {
		return err
	}
	for _, b := range w.status[0].Benchmarks {
		complete[b.Name] = b.Done
	}
	if complete["bench"] != w.repeats*w.deploys || complete["fetch"] != 1 {
		return fmt.Errorf("in the end the complete runs are %v", complete)
	}
	return w.foundCapacity(runs)
}

// summedUp demands that every run that has ended is in the experiment's list of them, as its own record has it, and no other.
func (w *sim) summedUp(runs []plan.Run) error {
	lines, err := w.store.Finished("exp")
	if err != nil {
		return err
	}
	seen, err := w.store.SeeRuns([]string{"exp"})
	if err != nil || len(seen.Failed) > 0 || seen.Past["exp"].Len() != len(lines) || len(lines)+len(seen.Open) != len(runs) {
		return fmt.Errorf("of %d runs %d are summed up, %d are known as ended and %d as open: %v, %v", len(runs), len(lines), seen.Past["exp"].Len(), len(seen.Open), seen.Failed, err)
	}
	for _, r := range runs {
		i := slices.IndexFunc(lines, func(l store.FinishedRun) bool { return l.ID == r.ID })
		if i >= 0 && (lines[i].Phase != r.Phase || lines[i].Reason != r.Reason || lines[i].JobID != r.JobID) {
			return fmt.Errorf("run %s is %s (%s) in job %q, and summed up as %s (%s) in job %q", r.ID, r.Phase, r.Reason, r.JobID, lines[i].Phase, lines[i].Reason, lines[i].JobID)
		}
	}
	return nil
}

// executedBy demands that a run names the job that executed it. The agent of that job put its name into the claim.
func executedBy(r plan.Run) error {
	if r.Claim == nil || r.Nonce != r.Claim.Nonce || r.JobID != r.Claim.JobID {
		return fmt.Errorf("run %s is Complete in job %q of attempt %q, and was claimed by %+v", r.ID, r.JobID, r.Nonce, r.Claim)
	}
	return nil
}

// complaints says what the controller thinks is missing.
func (w *sim) complaints() string {
	b, err := json.Marshal(w.status)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func clone(e v1alpha1.Experiment) v1alpha1.Experiment {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	var out v1alpha1.Experiment
	if err := json.Unmarshal(b, &out); err != nil {
		panic(err)
	}
	return out
}

// variant is the controller under test, or a broken one. The zero value is the real one.
type variant struct {
	settle       time.Duration
	decide       func(plan.Desired, plan.Observed) plan.Result
	forgetOpen   func(plan.Attempt) bool // intents that do not survive a crash
	noFence      bool                    // what a lost job left behind is not ended
	anyPlace     bool                    // a state directory is used wherever somebody asks for it
	lateAnyPlace bool                    // so it is where the cluster could not be asked at the start
	anyCopy      bool                    // a copied state directory is used as it is
	stored       bool                    // readers believe the status files
	giveUp       bool                    // a controller that cannot write ends
	inside       bool                    // effects are part of the pass that wants them
	dropDamaged  bool                    // an intent that cannot be read is removed
	tellAgain    bool                    // a new controller does not know which events there are
}

// afterCrash takes away what a broken variant would not have written down.
func (v variant) afterCrash(w *sim) {
	if v.forgetOpen == nil || w.store == nil {
		return
	}
	attempts, err := w.store.Attempts()
	if _, err = store.Tolerate(err); err != nil {
		panic(err)
	}
	for _, a := range attempts {
		if a.End == nil && v.forgetOpen(a) {
			removeIntent(w.dir, a.Nonce)
		}
	}
}
