package plan

import (
	"slices"
	"time"

	"assay/drivers"
)

// world is Observed, indexed once, and the result as it grows.
type world struct {
	d        Desired
	o        Observed
	known    bool                     // the scheduler answered
	jobs     map[string][]drivers.Job // ours, by nonce
	open     map[drivers.Seat][]*Attempt
	ended    map[drivers.Seat][]*Attempt // oldest first
	attempt  map[string]*Attempt
	ownJobs  map[string][]*Attempt // experiment/run -> attempts that were made for it, oldest first
	begun    map[string]*Run       // in this pass, by key
	exps     []*experiment
	byName   map[string]*experiment
	actions  []Action
	nextPass time.Time
	sd       string // the targets as file_sd, once they were asked for
}

// experiment is a desired experiment beside what is known of it.
type experiment struct {
	Experiment
	services []*service
	allocs   []*allocation
	runs     []*Run
	wants    []wantedRun       // every run that is wanted, of all points
	byKey    map[string][]*Run // runs by their key
	point    int               // index of the sweep's point that is served
	skipped  map[string]int    // benchmark -> runs that a failure has made unwanted
	movesOn  bool              // runs of this point were given up, and the sweep goes on
	blocked  string            // the prune guard's message; empty when it lets the revision pass
	released cause             // no seat is wanted, and the reason
	waits    map[string]cause  // benchmark -> why its next run does not start
	unknown  int               // jobs of ours that the journal does not know
}

// cause is a CamelCase reason and a sentence.
type cause struct {
	reason  Reason
	message string
}

func (c cause) set() bool { return c.reason != "" }

// service is a declared service and its places, one in each seat of its allocation.
type service struct {
	Service
	of       *allocation // nil when it has no seats
	replicas []*replica
}

// seat is one place of an allocation and the job that fills it.
type seat struct {
	id       drivers.Seat
	attempt  *Attempt // open; nil when the seat is free
	job      *drivers.Job
	agent    Agent
	wait     cause // why it is free and stays so for now
	stalled  cause
	failures int
}

// place is a service in a seat.
type replica struct {
	*seat
	procs   []*drivers.ProcessState // as the service's Processes; nil: the agent has not begun it
	ready   string                  // v1alpha1.True, False, Unknown
	cause   cause                   // of ready
	givenUp cause                   // it is given up in a job that goes on for others
}

// endpoint is the process that users talk to.
func (replica *replica) endpoint() *drivers.ProcessState {
	if len(replica.procs) == 0 {
		return nil
	}
	return replica.procs[0]
}

func newWorld(d Desired, o Observed) *world {
	o.Attempts = slices.Clone(o.Attempts) // rules mark attempts as ended; the caller's are left alone
	w := &world{
		d: d, o: o, known: o.Listing.Err == "", begun: map[string]*Run{}, jobs: map[string][]drivers.Job{}, byName: map[string]*experiment{},
		open: map[drivers.Seat][]*Attempt{}, ended: map[drivers.Seat][]*Attempt{}, attempt: map[string]*Attempt{}, ownJobs: map[string][]*Attempt{},
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
		if a.Run != "" {
			w.ownJobs[a.Experiment+"/"+a.Run] = append(w.ownJobs[a.Experiment+"/"+a.Run], a)
		}
		if a.End == nil {
			w.open[a.Seat] = append(w.open[a.Seat], a)
		} else {
			w.ended[a.Seat] = append(w.ended[a.Seat], a)
		}
	}
	for _, e := range sortedExperiments(d.Experiments) {
		x := &experiment{Experiment: e, waits: map[string]cause{}}
		w.exps, w.byName[e.Name] = append(w.exps, x), x
	}
	for _, r := range sortedRuns(o.Runs) {
		if x := w.byName[r.Experiment]; x != nil {
			x.runs = append(x.runs, r)
		}
	}
	for _, x := range w.exps {
		x.sweep()
		w.seats(x)
	}
	for nonce, js := range w.jobs {
		if x := w.byName[js[0].Tag.Seat.Experiment]; x != nil && w.attempt[nonce] == nil {
			for _, j := range js {
				if !j.State.Terminal() { // of an ended one the record may have moved to the archive
					x.unknown++
				}
			}
		}
	}
	return w
}

// seats lays out the places of every allocation and finds what fills them.
func (w *world) seats(x *experiment) {
	for _, s := range x.Services {
		x.services = append(x.services, &service{Service: s})
	}
	x.allocs = allocate(x.services)
	for _, a := range x.allocs {
		for slot := range a.slots {
			seat := &seat{id: drivers.Seat{Experiment: x.Name, Group: a.name, Slot: slot}}
			a.seats = append(a.seats, seat)
			for _, s := range a.members {
				s.of = a
				s.replicas = append(s.replicas, &replica{seat: seat})
			}
			if open := w.open[seat.id]; len(open) > 0 {
				w.fill(a, seat, open[0])
			}
		}
	}
}

// fill finds an attempt's job, agent and processes.
func (w *world) fill(alloc *allocation, seat *seat, a *Attempt) {
	seat.attempt, seat.agent, seat.job = a, w.o.Agents[a.Nonce], nil
	if js := w.jobs[a.Nonce]; len(js) > 0 {
		oldest := slices.MinFunc(js, olderJob)
		seat.job = &oldest
	}
	for _, s := range alloc.members {
		s.replicas[seat.id.Slot].find(&s.Service)
	}
}

// find picks a service's processes from what the seat's agent says.
func (replica *replica) find(s *Service) {
	replica.procs = make([]*drivers.ProcessState, len(s.Processes))
	if replica.attempt == nil || replica.agent.State == nil || replica.agent.State.Nonce != replica.attempt.Nonce {
		return
	}
	for i, p := range s.Processes {
		for k := range replica.agent.State.Processes {
			if replica.agent.State.Processes[k].Name == p.Name {
				replica.procs[i] = &replica.agent.State.Processes[k]
			}
		}
	}
}

// free empties a seat.
func (alloc *allocation) free(seat *seat) {
	seat.attempt, seat.job, seat.agent = nil, nil, Agent{}
	for _, s := range alloc.members {
		s.replicas[seat.id.Slot].procs = nil
	}
}

func (w *world) do(a Action) { w.actions = append(w.actions, a) }

// wakeAt asks for a look at t, or earlier.
func (w *world) wakeAt(t time.Time) {
	if w.nextPass.IsZero() || t.Before(w.nextPass) {
		w.nextPass = t
	}
}
