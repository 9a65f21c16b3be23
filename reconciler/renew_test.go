package reconciler

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

// errHasty is the harm of a hand-over to a job that does not serve.
var errHasty = errors.New("a job took over whose server was never Ready")

// handedOver checks the hand-overs that a pass decided on.
func (w *sim) handedOver(actions []plan.Action) {
	for _, a := range actions {
		if a.Verb != plan.HandOver || a.Reason == plan.ScaledDown {
			continue
		}
		serves := slices.ContainsFunc(w.cluster.Live(), func(j drivers.Job) bool {
			return j.Tag.Seat == a.Seat.Twin() && w.cluster.WasReady(j.Tag.Nonce)
		})
		if !serves {
			w.broken = fmt.Errorf("%w: that of seat %s", errHasty, a.Seat.Twin())
		}
	}
}

// hasty takes a server for Ready as soon as its agent has begun it.
func hasty(d plan.Desired, o plan.Observed) plan.Result {
	o.Agents = maps.Clone(o.Agents)
	for nonce, a := range o.Agents {
		if a.State == nil {
			continue
		}
		st := *a.State
		st.Processes = slices.Clone(st.Processes)
		for i := range st.Processes {
			st.Processes[i].Phase, st.Processes[i].PhaseFor = drivers.PhaseReady, drivers.SecondsOf(time.Minute)
		}
		a.State = &st
		o.Agents[nonce] = a
	}
	return plan.Plan(d, o)
}

// TestRenewal lets a service live through twenty walltimes. It is Ready all the time, by one job after the other.
func TestRenewal(t *testing.T) {
	w := calm(t)
	w.renews = true
	w.settled(t)
	ready := func() bool {
		for _, s := range w.status[0].Services {
			if s.Name == "web" {
				return v1alpha1.Find(s.Conditions, v1alpha1.Ready).Status == v1alpha1.True
			}
		}
		return false
	}
	first := w.live("web", 0)
	for end := w.cluster.Now().Add(20 * webTime); w.cluster.Now().Before(end); {
		w.pass()
		if !ready() {
			t.Fatalf("%s: web is not Ready: %+v", w.cluster.Now(), w.status[0].Services)
		}
		if err := w.check(); err != nil {
			t.Fatal(err)
		}
		w.cluster.Advance(w.step)
		w.land()
	}
	seat := drivers.Seat{Experiment: "exp", Group: "web"}
	if n := w.cluster.Submissions(seat) + w.cluster.Submissions(seat.Twin()); n < 20 || n > 80 {
		t.Errorf("%d jobs in 20 walltimes", n)
	}
	if w.live("web", 0) == first {
		t.Error("the first job still runs")
	}
	for _, s := range w.status[0].Services {
		if s.Restarts > 0 {
			t.Errorf("%s was restarted %d times", s.Name, s.Restarts)
		}
	}
}
