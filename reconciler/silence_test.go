package reconciler

import (
	"errors"
	"fmt"
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

// What must not happen when sources of news fall silent.
var (
	errAlive  = errors.New("a job whose server answers was ended, and its user did not ask for that")
	errBudget = errors.New("more seats were replaced at a time than the disruption budget allows")
)

// silence lets a source of news fall silent for a while in which the servers answer.
func (w *sim) silence() {
	w.soundAt = w.cluster.Now().Add(w.upTo(150 * time.Second))
	endure := w.rng.IntN(2) == 0 && !w.endured // once in a story, since it takes as long as all else
	if endure {
		w.endured = true
		w.soundAt = w.cluster.Now().Add(200 * time.Second)
	}
	switch w.rng.IntN(9) {
	case 0, 1:
		w.someJob(func(j drivers.Job) { w.note("the agent of job %s stops", j.ID); w.cluster.StopAgent(j.ID, true) })
	case 2:
		w.note("every agent stops")
		w.everyJob(func(j drivers.Job) { w.cluster.StopAgent(j.ID, true) })
	case 3, 4:
		w.someJob(func(j drivers.Job) {
			if len(j.Nodes) > 0 {
				w.note("node %s sees no file system", j.Nodes[0])
				w.cluster.Mute(j.Nodes[0])
			}
		})
	case 5, 6:
		w.cut = w.rng.IntN(3) > 0
		w.note("no node sees the file system, and the controller sees the servers: %v", !w.cut)
		w.mute()
	case 7:
		w.loseAll()
	case 8:
		w.someJob(func(j drivers.Job) { w.note("the state of job %s cannot be read", j.ID); w.blind(j) })
	}
	if endure {
		w.endure()
	}
}

// blind makes the state file of a job one that can neither be read nor replaced, as a file system does that has an error.
func (w *sim) blind(j drivers.Job) {
	path := filepath.Join(w.store.JobDir(j.Tag.Seat, j.Tag.Nonce), drivers.StateFile)
	if err := os.Rename(path, path+away); err == nil {
		must(func() error { return os.Mkdir(path, 0o700) })
	}
}

// away marks a file that blind has put aside.
const away = ".away"

// seeing ends every blindness.
func (w *sim) seeing() {
	hidden, _ := filepath.Glob(filepath.Join(w.dir, "jobs", "*", "*", "*", drivers.StateFile+away))
	for _, path := range hidden {
		_ = os.Remove(strings.TrimSuffix(path, away)) // gone when its job folder was cleaned
		must(func() error { return os.Rename(path, strings.TrimSuffix(path, away)) })
	}
}

// mute silences the file system on every node.
func (w *sim) mute() {
	for i := range 10 {
		w.cluster.Mute(fmt.Sprintf("n%d", 1+i))
	}
}

func (w *sim) loseAll() {
	w.note("every agent and every server dies, and every job runs on")
	w.everyJob(func(j drivers.Job) { w.cluster.CrashAgent(j.ID, false) })
}

// everyJob does something to each live job of ours.
func (w *sim) everyJob(f func(drivers.Job)) {
	for _, j := range w.cluster.Live() {
		if j.Tag.Store == w.store.ID() {
			f(j)
		}
	}
}

// setClock sets the clock of the controller's host.
func (w *sim) setClock() {
	steps := []time.Duration{-5 * time.Hour, -20 * time.Minute, -45 * time.Second, 45 * time.Second, 20 * time.Minute, 5 * time.Hour}
	was := w.offset
	if w.offset = 0; was == 0 {
		w.offset, w.skewed = steps[w.rng.IntN(len(steps))], true
	}
	if w.offset < was {
		w.setBack = w.cluster.Now()
	}
	w.note("the clock goes from %s to %s off", was, w.offset)
}

// endure is a silence in which nothing else happens, so that the controller has the time to draw conclusions.
func (w *sim) endure() {
	for w.backAt = (time.Time{}); w.broken == nil && w.cluster.Now().Before(w.soundAt); w.cluster.Advance(w.upTo(2 * w.step)) {
		if w.present() {
			w.pass()
		}
		if err := errors.Join(w.read(), w.check()); err != nil {
			w.broken = err
		}
	}
}

// sound ends what silence began, once its time is over.
func (w *sim) sound() {
	if w.soundAt.IsZero() || w.cluster.Now().Before(w.soundAt) {
		return
	}
	w.note("everything is heard again")
	if w.cut {
		w.echo = w.cluster.Now().Add(askEvery)
	}
	w.soundAt, w.cut = time.Time{}, false
	w.cluster.Unmute()
	w.seeing()
	for _, j := range w.cluster.Live() {
		w.cluster.StopAgent(j.ID, false)
	}
}

// ours are the reasons for which assay replaces a job on its own.
var ours = []plan.Reason{plan.AgentLost, plan.ReadinessDeadline, plan.CrashLoop, plan.CommandNotFound, plan.Missing}

// spared demands that nothing that answers is ended on assay's own account: neither on the word of one source alone, nor
// when sources lost many at once.
func (w *sim) spared() error {
	attempts, err := w.store.Attempts()
	if _, err = store.Tolerate(err); err != nil {
		return err
	}
	for _, e := range w.cluster.TakeEndedAlive() {
		i := slices.IndexFunc(attempts, func(a plan.Attempt) bool { return a.Nonce == e.Nonce })
		if i < 0 || !slices.Contains(ours, attempts[i].Cancelled) || w.judged[e.Nonce] {
			continue
		}
		w.judged[e.Nonce] = true // what cannot be carried out at once is tried again
		if w.cluster.Now().Before(w.echo) {
			continue // the last answer still counts
		}
		if e.Silent && w.cut && !(e.Together > 1 && 5*e.Together > e.Of) {
			continue // heartbeat and probe agreed, on this one alone
		}
		return fmt.Errorf("%w: job %s (%s), %+v, cut off %v", errAlive, e.ID, attempts[i].Cancelled, e, w.cut)
	}
	return w.budgeted(attempts)
}

// budgeted demands that one seat of llm is replaced at a time.
func (w *sim) budgeted(attempts []plan.Attempt) error {
	news := false
	for _, a := range attempts {
		if slices.Contains(ours, a.Cancelled) && !w.replaced[a.Nonce] {
			w.replaced[a.Nonce], news = true, news || a.Seat.Group == "llm" && a.Seat.Slot < w.slots
		}
	}
	n := 0
	for slot := range w.slots {
		var open, last *plan.Attempt
		for i := range attempts {
			switch a := &attempts[i]; {
			case a.Seat.Group != "llm" || a.Seat.Slot != slot:
			case a.End == nil:
				open = a
			default:
				last = a
			}
		}
		switch {
		case open != nil && slices.Contains(ours, open.Cancelled):
			n++
		case last != nil && slices.Contains(ours, last.End.Reason) && (open == nil || !w.cluster.WasReady(open.Nonce)):
			n++
		}
	}
	if news && n > 1 && !w.gone && !w.suspend {
		return fmt.Errorf("%w: %d of llm", errBudget, n)
	}
	return nil
}

// TestUnreadableAndSilentJobFolders is finding C23: for two minutes the state of one job cannot be read, and another node
// sees no file system. Both jobs go on, their addresses stay shown, and their services are Ready as long as they answer.
func TestUnreadableAndSilentJobFolders(t *testing.T) {
	w := calm(t)
	w.repeats = 0
	w.settled(t)
	llm, web := w.jobOf("llm"), w.jobOf("web")
	w.blind(llm)
	w.cluster.Mute(web.Nodes[0])
	for range 40 {
		w.cluster.Advance(w.step)
		w.pass()
	}
	if w.jobOf("llm").ID != llm.ID || w.jobOf("web").ID != web.ID {
		t.Fatalf("jobs %s and %s are now %+v", llm.ID, web.ID, w.cluster.Live())
	}
	for _, s := range w.status[0].Services {
		want := map[string]plan.Reason{"llm": plan.AgentUnreadable, "web": plan.HeartbeatsAtFault, "ext": plan.Answering}[s.Name]
		if c := v1alpha1.Find(s.Conditions, v1alpha1.Ready); c.Status != v1alpha1.True || c.Reason != string(want) || s.Seats[0].Endpoint == "" {
			t.Errorf("%s: %+v, endpoint %q", s.Name, c, s.Seats[0].Endpoint)
		}
	}
	w.cluster.CrashAgent(llm.ID, false)
	for range 40 {
		w.cluster.Advance(w.step)
		w.pass()
	}
	if c := v1alpha1.Find(w.status[0].Conditions, v1alpha1.Ready); c.Status != v1alpha1.Unknown || w.jobOf("llm").ID != llm.ID {
		t.Errorf("unreadable, and its server no longer answers: %+v", c)
	}
	w.seeing()
	w.cluster.Unmute()
	if err := w.converge(); err != nil || w.jobOf("llm").ID == llm.ID || w.jobOf("web").ID != web.ID {
		t.Errorf("readable again, so that two sources say that it is gone: %v, %+v", err, w.cluster.Live())
	}
}
