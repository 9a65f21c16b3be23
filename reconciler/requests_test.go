package reconciler

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/fake"
)

// lazy is a settled world whose controller asks the scheduler rarely.
func lazy(t *testing.T) *sim {
	t.Helper()
	w := calm(t)
	w.repeats = 0
	w.settled(t)
	w.loop.listing.every, w.loop.listing.atMost, w.loop.listing.interval = time.Hour, time.Hour, time.Hour
	w.loop.listing.kicked = false
	return w
}

func (w *sim) answered(t *testing.T) int64 {
	t.Helper()
	s, ok, err := w.store.Status("exp")
	if err != nil || !ok {
		t.Fatalf("no status: %v", err)
	}
	return s.Answered
}

// TestARequestIsAnsweredByANewObservation: a job that ended after the last listing is still published as Ready, until a
// command asks; the status that answers it was observed after it asked.
func TestARequestIsAnsweredByANewObservation(t *testing.T) {
	w := lazy(t)
	w.someJob(func(j drivers.Job) { w.cluster.FailNode(j.Nodes[0]) }) // whose agent says nothing of it
	w.pass()
	if ready := v1alpha1.Find(w.status[0].Conditions, v1alpha1.Ready); ready.Status != v1alpha1.True {
		t.Fatalf("the last listing is good for an hour, but Ready is %+v", ready)
	}
	request, err := w.store.RequestPass()
	if err != nil {
		t.Fatal(err)
	}
	if got := w.answered(t); got >= request {
		t.Fatalf("request %d is answered before a pass was made: %d", request, got)
	}
	w.cluster.Advance(demandEvery)
	w.pass()
	if got := w.answered(t); got != request {
		t.Errorf("answered %d, want %d", got, request)
	}
	if ready := v1alpha1.Find(w.status[0].Conditions, v1alpha1.Ready); ready.Status == v1alpha1.True {
		t.Error("the answer says Ready of a job that has ended")
	}
	next, err := w.store.RequestPass()
	if err != nil || next != request+1 {
		t.Fatalf("request %d, %v", next, err)
	}
	w.pass() // the scheduler was asked just now: not again so soon
	if got := w.answered(t); got != request {
		t.Errorf("answered %d by a listing that is older than request %d", got, next)
	}
	w.cluster.Advance(demandEvery)
	w.pass()
	if got := w.answered(t); got != next {
		t.Errorf("answered %d, want %d", got, next)
	}
}

// TestARequestOutlivesTheController: the next controller answers what the last one left unanswered.
func TestARequestOutlivesTheController(t *testing.T) {
	w := lazy(t)
	request, err := w.store.RequestPass()
	if err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.pass()
	if got := w.answered(t); got != request {
		t.Errorf("answered %d, want %d", got, request)
	}
}

// reading is a loop without the lease, as a command has it.
func (w *sim) reading() *Loop {
	return &Loop{Store: w.store, Site: w.loop.Site, Scheduler: w.cluster, Compile: compileSim, Probe: w.probe, Policy: w.loop.Policy,
		Clock: w.now, steady: w.passing, workers: 1, pause: func(context.Context, time.Duration) {}}
}

// TestObserve: a reader sees what is dead as a pass would, changes nothing, and does not say that something is under way.
func TestObserve(t *testing.T) {
	w := calm(t)
	w.repeats = 0
	w.settled(t)
	ready := func(l *Loop) v1alpha1.Condition {
		t.Helper()
		before := tree(t, w.dir)
		all, err := l.Observe(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("%d statuses, %v", len(all), err)
		}
		if diff := cmp.Diff(before, tree(t, w.dir)); diff != "" {
			t.Errorf("an observation changed the state directory: %s", diff)
		}
		for _, s := range all[0].Services {
			if s.Name == "llm" {
				return v1alpha1.Find(s.Conditions, v1alpha1.Ready)
			}
		}
		return v1alpha1.Condition{}
	}
	if c := ready(w.reading()); c.Status != v1alpha1.True {
		t.Errorf("a living service, whose server answers: %+v", c)
	}
	llm := func(f func(drivers.Job)) {
		for _, j := range w.cluster.Live() {
			if j.Tag.Store == w.store.ID() && j.Tag.Seat.Group == "llm" {
				f(j)
			}
		}
	}
	llm(func(j drivers.Job) { w.cluster.CrashAgent(j.ID, false) })
	w.cluster.Advance(20 * time.Second)
	if c := ready(w.reading()); c.Status != v1alpha1.Unknown || c.Reason != "AgentSilent" {
		t.Errorf("agent and server are dead, and the job is listed: %+v", c)
	}
	llm(func(j drivers.Job) { w.cluster.Kill(j.ID) })
	w.cluster.Advance(10 * time.Second)
	if c := ready(w.reading()); c.Status != v1alpha1.False || c.Reason == "Submitting" {
		t.Errorf("its job has ended, and none is submitted by a reader: %+v", c)
	}
	w.cluster.SetFaults(fake.Faults{List: 1})
	if c := ready(w.reading()); c.Status != v1alpha1.Unknown {
		t.Errorf("the scheduler does not answer: %+v", c)
	}
}

// TestAMovingHeartbeatNeedsNoProbe: an agent that is heard is believed, even if its server cannot be reached from here.
func TestAMovingHeartbeatNeedsNoProbe(t *testing.T) {
	w := calm(t)
	w.repeats = 0
	w.settled(t)
	l := w.reading()
	l.Probe = func(_ context.Context, base, _ string, _ drivers.Probe) ([]string, error) {
		if strings.HasPrefix(base, "http://elsewhere") {
			return nil, nil
		}
		return nil, errors.New("no route to host")
	}
	status := func() string {
		all, err := l.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return v1alpha1.Find(all[0].Conditions, v1alpha1.Ready).Status
	}
	if got := status(); got != v1alpha1.Unknown {
		t.Errorf("unreachable, and not heard yet: Ready is %s", got)
	}
	w.cluster.Advance(2 * time.Second)
	if got := status(); got != v1alpha1.True {
		t.Errorf("heard: Ready is %s", got)
	}
}

// TestEndpointsThatAnswerAreShown: while the scheduler cannot be asked a service is Unknown, and its address stays.
func TestEndpointsThatAnswerAreShown(t *testing.T) {
	w := calm(t)
	w.repeats = 0
	w.settled(t)
	w.cluster.Freeze()
	w.cluster.Advance(20 * time.Second)
	w.pass()
	for _, s := range w.status[0].Services {
		if s.Name == "ext" {
			continue
		}
		if c := v1alpha1.Find(s.Conditions, v1alpha1.Ready); c.Status != v1alpha1.Unknown || s.Seats[0].Endpoint == "" {
			t.Errorf("%s: %+v, endpoint %q", s.Name, c, s.Seats[0].Endpoint)
		}
	}
}
