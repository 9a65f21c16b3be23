package plan

import (
	"slices"
	"time"

	"assay/drivers"
)

// world is Observed, indexed once, and the result as it grows.
type world struct {
	d       Desired
	o       Observed
	known   bool                     // the scheduler answered
	jobs    map[string][]drivers.Job // ours, by nonce
	open    map[drivers.Seat][]*Attempt
	ended   map[drivers.Seat][]*Attempt // oldest first
	attempt map[string]*Attempt
	exps    []*experiment
	byName  map[string]*experiment
	actions []Action
	again   time.Time
}

// experiment is a desired experiment beside what is known of it.
type experiment struct {
	Experiment
	services []*service
	runs     []*Run
	blocked  string         // the prune guard's message; empty when it lets the revision pass
	released why            // no seat is wanted, and the reason
	waits    map[string]why // benchmark -> why its next run does not start
	strange  int            // jobs of ours that the journal does not know
}

// why is a CamelCase reason and a sentence.
type why struct{ reason, message string }

func (y why) set() bool { return y.reason != "" }

// service is a declared service and its seats.
type service struct {
	Service
	seats []*seat
}

// seat is one place of a service and what fills it.
type seat struct {
	id       drivers.Seat
	attempt  *Attempt // open; nil when the seat is free
	job      *drivers.Job
	agent    Agent
	proc     *drivers.ProcessState
	ready    string // v1alpha1.True, False, Unknown
	why      why    // of ready
	stalled  why
	failures int
}

func look(d Desired, o Observed) *world {
	o.Attempts = slices.Clone(o.Attempts) // rules mark attempts as ended; the caller's are left alone
	w := &world{
		d: d, o: o, known: o.Listing.Err == "", jobs: map[string][]drivers.Job{}, byName: map[string]*experiment{},
		open: map[drivers.Seat][]*Attempt{}, ended: map[drivers.Seat][]*Attempt{}, attempt: map[string]*Attempt{},
	}
	if w.known {
		for _, j := range o.Listing.Jobs {
			if j.Tag.Store == d.Store { // anything else is a stranger's
				w.jobs[j.Tag.Nonce] = append(w.jobs[j.Tag.Nonce], j)
			}
		}
	}
	for _, a := range sortedAttempts(o.Attempts) {
		w.attempt[a.Nonce] = a
		if a.End == nil {
			w.open[a.Seat] = append(w.open[a.Seat], a)
		} else {
			w.ended[a.Seat] = append(w.ended[a.Seat], a)
		}
	}
	for _, e := range sortedExperiments(d.Experiments) {
		x := &experiment{Experiment: e, waits: map[string]why{}}
		w.exps, w.byName[e.Name] = append(w.exps, x), x
	}
	for _, r := range sortedRuns(o.Runs) {
		if x := w.byName[r.Experiment]; x != nil {
			x.runs = append(x.runs, r)
		}
	}
	for _, x := range w.exps {
		w.seats(x)
	}
	for nonce, js := range w.jobs {
		if x := w.byName[js[0].Tag.Seat.Experiment]; x != nil && w.attempt[nonce] == nil {
			for _, j := range js {
				if !j.State.Terminal() { // of an ended one the record may have moved to the archive
					x.strange++
				}
			}
		}
	}
	return w
}

// seats lays out the places of every service and finds what fills them.
func (w *world) seats(x *experiment) {
	for _, s := range x.Services {
		v := &service{Service: s}
		for slot := range s.Slots {
			t := &seat{id: drivers.Seat{Experiment: x.Name, Group: s.Name, Slot: slot}}
			if open := w.open[t.id]; len(open) > 0 {
				w.fill(t, open[0], s.Name)
			}
			v.seats = append(v.seats, t)
		}
		x.services = append(x.services, v)
	}
}

// fill finds an attempt's job, agent and process.
func (w *world) fill(t *seat, a *Attempt, process string) {
	t.attempt, t.agent = a, w.o.Agents[a.Nonce]
	if js := w.jobs[a.Nonce]; len(js) > 0 {
		oldest := slices.MinFunc(js, olderJob)
		t.job = &oldest
	}
	if st := t.agent.State; st != nil && st.Nonce == a.Nonce {
		for i := range st.Processes {
			if st.Processes[i].Name == process {
				t.proc = &st.Processes[i]
			}
		}
	}
}

func (w *world) do(a Action) { w.actions = append(w.actions, a) }

// lookAt asks for a look at t, or earlier.
func (w *world) lookAt(t time.Time) {
	if w.again.IsZero() || t.Before(w.again) {
		w.again = t
	}
}
