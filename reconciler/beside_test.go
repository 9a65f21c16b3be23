package reconciler

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/fake"
	"assay/reconciler/each"
	"assay/reconciler/plan"
)

// hung is how long a test waits for what has to happen at once, before it says that it hangs.
const hung = 20 * time.Second

// stubborn is a scheduler and a driver of directories. A submission for one seat, and the removal of a directory, wait.
type stubborn struct {
	*fake.Cluster
	seat    drivers.Seat
	asked   chan struct{} // closed when the submission is under way
	answer  chan struct{} // the submission goes on when it is closed
	removal chan struct{} // a removal goes on when it is closed; nil: it is not slow

	once sync.Once
	mu   sync.Mutex
	made bool
}

func (s *stubborn) Submit(ctx context.Context, spec drivers.JobSpec) (drivers.JobID, error) {
	if spec.Tag.Seat == s.seat {
		s.once.Do(func() { close(s.asked) })
		<-s.answer
	}
	return s.Cluster.Submit(ctx, spec)
}

func (s *stubborn) Stat(context.Context, v1alpha1.Lustre, string) (drivers.Folder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return drivers.Folder{Exists: s.made, Ours: true}, nil
}

func (s *stubborn) Make(context.Context, v1alpha1.Lustre, string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = true
	return nil
}

func (s *stubborn) Remove(context.Context, v1alpha1.Lustre, string) error {
	if s.removal != nil {
		<-s.removal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = false
	return nil
}

// withStubborn is a calm site whose effects really run beside the passes.
func withStubborn(t *testing.T) (*sim, *stubborn) {
	w := calm(t)
	s := &stubborn{Cluster: w.cluster, seat: drivers.Seat{Experiment: "exp", Group: "llm"}, asked: make(chan struct{}), answer: make(chan struct{})}
	w.loop.Scheduler, w.loop.Folders, w.loop.Clock = s, s, w.cluster.Now
	w.loop.spawn = func(f func()) { go f() }
	return w, s
}

// passesUntil makes passes until done says so; none of them may hang.
func (w *sim) passesUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	end := time.Now().Add(hung)
	for !done() {
		made := make(chan error, 1)
		go func() {
			r, err := w.loop.Pass(t.Context())
			w.status = r.Status
			made <- err
		}()
		select {
		case err := <-made:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(hung):
			t.Fatalf("a pass waits for a slow call, so this never happens: %s", what)
		}
		if time.Now().After(end) {
			t.Fatalf("never: %s; %s", what, w.complaints())
		}
		w.cluster.Advance(time.Second)
		time.Sleep(time.Millisecond)
	}
}

func (w *sim) live(group string, slot int) drivers.JobID {
	for _, j := range w.cluster.Live() {
		if j.Tag.Seat == (drivers.Seat{Experiment: "exp", Group: group, Slot: slot}) && j.Tag.Store == w.store.ID() {
			return j.ID
		}
	}
	return ""
}

// TestASlowSubmissionDelaysNothingElse is finding C15: while the scheduler takes its time for one seat, others are
// submitted, served and replaced; and that seat is asked for once.
func TestASlowSubmissionDelaysNothingElse(t *testing.T) {
	w, s := withStubborn(t)
	w.slots, w.web = 3, false
	w.apply()
	w.passesUntil(t, "the other replicas run", func() bool { return w.live("llm", 1) != "" && w.live("llm", 2) != "" })
	<-s.asked
	first := w.live("llm", 1)
	w.cluster.Kill(first)
	w.passesUntil(t, "another replica is replaced", func() bool { id := w.live("llm", 1); return id != "" && id != first })
	w.cluster.Advance(time.Minute) // far beyond the settle time
	w.passesUntil(t, "it is said", func() bool {
		c := v1alpha1.Find(w.status[0].Services[0].Conditions, v1alpha1.Ready)
		return c.Reason == string(plan.Submitting)
	})
	if n := w.cluster.Submissions(s.seat); n != 0 {
		t.Errorf("the slow seat was submitted %d times before the scheduler took it", n)
	}
	close(s.answer)
	w.passesUntil(t, "the slow seat has its job too", func() bool { return w.live("llm", 0) != "" })
	if err := w.loop.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.cluster.Submissions(s.seat); n != 1 {
		t.Errorf("the slow seat was submitted %d times", n)
	}
	if e := w.event(t, "Declared"); e.Reason == "" {
		t.Error("the submission has no event")
	}
}

// TestASlowRemovalDelaysNothingElse is finding C15: a directory that takes minutes to remove.
func TestASlowRemovalDelaysNothingElse(t *testing.T) {
	w, s := withStubborn(t)
	close(s.answer)
	s.removal = make(chan struct{})
	w.apply()
	w.passesUntil(t, "it is up", func() bool { return w.live("llm", 0) != "" })
	record := plan.FolderRecord{Experiment: "exp", Service: "scratch", Spec: v1alpha1.Lustre{Path: "/scratch/x"}}
	if err := w.lease.PutFolder(record); err != nil { // as if it had been declared once
		t.Fatal(err)
	}
	removed := func() bool {
		left, err := w.store.Folders()
		return err == nil && len(left) == 0
	}
	w.slots = 2
	w.apply()
	w.passesUntil(t, "another replica runs", func() bool { return w.live("llm", 1) != "" })
	if removed() {
		t.Fatal("the record is gone before the directory")
	}
	close(s.removal)
	w.passesUntil(t, "the record is gone", removed)
}

// TestStoppingWaitsForWhatHasBegun: the job of a submission that is under way is noted before Run returns; nothing more
// begins.
func TestStoppingWaitsForWhatHasBegun(t *testing.T) {
	w, s := withStubborn(t)
	w.apply()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.loop.Run(ctx) }()
	<-s.asked
	stop()
	select {
	case err := <-done:
		t.Fatalf("it ended with %v before the scheduler answered", err)
	case <-time.After(3 * shortest):
	}
	close(s.answer)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	attempts, err := w.store.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range attempts {
		if a.Seat == s.seat && (a.JobID == "" || a.JobID != w.live("llm", 0)) {
			t.Errorf("the attempt is %+v", a)
		}
	}
	if e := w.event(t, "Declared"); e.Reason == "" {
		t.Error("the submission has no event")
	}
}

// TestOnePassAndItsEnd: what one pass wanted is done when Finish returns, however much it is; Finish is bounded by its context.
func TestOnePassAndItsEnd(t *testing.T) {
	w, s := withStubborn(t)
	w.slots, w.web = 3, false
	w.loop.Site.Spec.Submit.Parallel = 1
	w.apply()
	if _, err := w.loop.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.loop.Finish(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("it finished although a submission is under way: %v", err)
	}
	close(s.answer)
	if err := w.loop.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	for slot := range 3 {
		if w.live("llm", slot) == "" {
			t.Errorf("replica %d was not submitted", slot)
		}
	}
}

// TestPace: submissions keep the distance that the site asks for, in whatever order they ask.
func TestPace(t *testing.T) {
	p := &pace{perSecond: 200}
	began := time.Now()
	each.Do(4, 21, func(int) { p.wait(t.Context()) })
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("21 submissions at 200 a second took %s", took)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if (&pace{}).wait(ended) || (&pace{perSecond: 0.001, next: time.Now().Add(time.Hour)}).wait(ended) {
		t.Error("a submission may begin although nothing may")
	}
}
