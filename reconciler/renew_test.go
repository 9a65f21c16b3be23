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

// TestRenewal lets a service live through twenty walltimes. It is Ready all the time: by one job after the other or, where the
// scheduler lengthens a running job's walltime, by one. Where it refuses it is asked once for each job.
func TestRenewal(t *testing.T) {
	for name, c := range map[string]struct {
		seed        uint64
		least, most int // jobs
		refused     int // at most, of each job
	}{
		"one job after the other":    {3, 20, 80, 0},
		"longer walltimes":           {8, 1, 1, 0},
		"longer walltimes, not here": {18, 20, 80, 1},
	} {
		t.Run(name, func(t *testing.T) { liveThrough(t, c.seed, c.least, c.most, c.refused) })
	}
}

func liveThrough(t *testing.T, seed uint64, least, most, refused int) {
	w, err := newSim(t, seed, variant{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	w.flights.rate = 0
	w.renews = true
	w.settled(t)
	ready := w.webReady
	first, asked := w.live("web", 0), 0
	for end := w.cluster.Now().Add(20 * webTime); w.cluster.Now().Before(end); {
		w.pass()
		if !ready() {
			t.Fatalf("%s: web is not Ready: %+v", w.cluster.Now(), w.status[0].Services)
		}
		if err := w.check(); err != nil {
			t.Fatal(err)
		}
		for _, j := range w.cluster.Live() {
			n := w.cluster.Refused(j.Tag.Nonce)
			if asked = max(asked, n); n > refused {
				t.Fatalf("%s: a longer walltime was refused for job %s %d times", w.cluster.Now(), j.ID, n)
			}
		}
		w.cluster.Advance(w.step)
		w.land()
	}
	seat := drivers.Seat{Experiment: "exp", Group: "web"}
	if n := w.cluster.Submissions(seat) + w.cluster.Submissions(seat.Twin()); n < least || n > most {
		t.Errorf("%d jobs in 20 walltimes", n)
	}
	if same := w.live("web", 0) == first; same != (most == 1) || asked != refused {
		t.Errorf("the first job still runs: %v; it was asked %d times", same, asked)
	}
	for _, s := range w.status[0].Services {
		if s.Restarts > 0 {
			t.Errorf("%s was restarted %d times", s.Name, s.Restarts)
		}
	}
}

// webReady reports whether the service web is Ready.
func (w *sim) webReady() bool {
	for _, s := range w.status[0].Services {
		if s.Name == "web" {
			return v1alpha1.Find(s.Conditions, v1alpha1.Ready).Status == v1alpha1.True
		}
	}
	return false
}

// TestALostNodeIsNotWaitedFor: the node of a service's job is lost, and the scheduler goes on listing the job, as Slurm does until
// SlurmdTimeout and, when a node is not seen to, for ever. Another job serves within three minutes.
func TestALostNodeIsNotWaitedFor(t *testing.T) {
	w, err := newSim(t, 3, variant{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	w.flights.rate = 0
	w.renews = true
	w.settled(t)
	lost := w.live("web", 0)
	w.cluster.LoseNode(lost)
	from, noticed := w.cluster.Now(), false
	for !noticed || !w.webReady() {
		if w.cluster.Now().Sub(from) > 3*time.Minute {
			t.Fatalf("after 3 minutes: noticed %t: %+v", noticed, w.status[0].Services)
		}
		w.cluster.Advance(w.step)
		w.pass()
		if err := w.check(); err != nil {
			t.Fatal(err)
		}
		noticed = noticed || !w.webReady()
	}
	if !slices.ContainsFunc(w.cluster.Live(), func(j drivers.Job) bool { return j.ID == lost }) {
		t.Errorf("job %s has ended: nothing is shown", lost)
	}
	if said := w.status[0].Services; !slices.ContainsFunc(said, func(s v1alpha1.ServiceStatus) bool {
		return s.Name == "web" && s.Seats[0].Ending == fmt.Sprintf("job %s, which was cancelled (AgentLost)", lost)
	}) {
		t.Errorf("the status says nothing of job %s: %+v", lost, said)
	}
	t.Logf("served again after %s", w.cluster.Now().Sub(from))
}
