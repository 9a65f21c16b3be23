package plan

import (
	"slices"

	"assay/drivers"
)

// newWorld indexes what is wanted and what is.
func newWorld(d Desired, o Observed) *world {
	o.Attempts = slices.Clone(o.Attempts) // rules mark attempts as ended; the caller's stay as they are
	w := &world{d: d, o: o, known: o.Listing.Err == "", begun: map[string]*Run{}, byName: make(map[string]*experiment, len(d.Experiments))}
	for _, e := range sortedExperiments(d.Experiments) {
		x := &experiment{Experiment: e, past: o.Past[e.Name], waits: map[string]cause{}}
		w.exps, w.byName[e.Name] = append(w.exps, x), x
	}
	w.indexJobs()
	w.indexAttempts()
	w.indexUnknown()
	w.indexRecords()
	for _, r := range sortedRuns(o.Runs) {
		if x := w.byName[r.Experiment]; x != nil {
			x.runs = append(x.runs, r)
		}
	}
	for _, x := range w.exps {
		x.sweep(o.Now)
		x.indexRuns(w.attempt)
		w.layOut(x)
		x.keepDeployments()
	}
	return w
}

// indexJobs finds our jobs. A job with another store's id is never touched.
func (w *world) indexJobs() {
	w.jobs = make(map[string][]*drivers.Job, len(w.o.Attempts))
	if !w.known {
		return
	}
	for i := range w.o.Listing.Jobs {
		if j := &w.o.Listing.Jobs[i]; j.Tag.Store == w.d.Store {
			w.jobs[j.Tag.Nonce] = append(w.jobs[j.Tag.Nonce], j)
		}
	}
	for _, jobs := range w.jobs {
		if len(jobs) > 1 {
			slices.SortStableFunc(jobs, olderJob)
		}
	}
}

func (w *world) indexAttempts() {
	n := len(w.o.Attempts)
	w.attempts, w.attempt = sortedAttempts(w.o.Attempts), make(map[string]*Attempt, n)
	w.open, w.ended, w.ownJobs = make(map[drivers.Seat][]*Attempt, n), map[drivers.Seat][]*Attempt{}, map[string][]*Attempt{}
	for _, a := range w.attempts {
		w.attempt[a.Nonce] = a
		if a.Run != "" {
			w.ownJobs[a.Experiment+"/"+a.Run] = append(w.ownJobs[a.Experiment+"/"+a.Run], a)
		}
		if a.End != nil {
			w.ended[a.Seat.Place()] = append(w.ended[a.Seat.Place()], a)
			continue
		}
		if x := w.byName[a.Seat.Experiment]; x != nil {
			x.occupied++
			if len(w.open[a.Seat]) == 0 {
				x.openSeats = append(x.openSeats, a.Seat)
			}
		}
		w.open[a.Seat] = append(w.open[a.Seat], a)
	}
	w.occupyBusy()
	for _, x := range w.exps {
		slices.SortFunc(x.openSeats, compareSeats)
		w.indexDamage(x)
	}
}

// indexUnknown finds jobs that carry our mark and are in no journal. Those that have ended are left out: their attempt may
// have moved to the archive.
func (w *world) indexUnknown() {
	for nonce, jobs := range w.jobs {
		x := w.byName[jobs[0].Tag.Seat.Experiment]
		if x == nil || w.attempt[nonce] != nil || w.busy(jobs[0].Tag.Seat) {
			continue
		}
		n := x.unknownJobs
		for _, j := range jobs {
			if !j.State.Terminal() {
				x.unknownJobs++
			}
		}
		if x.unknownJobs > n {
			x.unknown = append(x.unknown, nonce)
		}
	}
	for _, x := range w.exps {
		slices.Sort(x.unknown)
	}
}

func (w *world) indexRecords() {
	w.recorded = make(map[FolderRecord]bool, len(w.o.Records))
	for _, r := range w.o.Records {
		w.recorded[r] = true
		if x := w.byName[r.Experiment]; x != nil {
			x.records = append(x.records, r)
		}
	}
	for _, x := range w.exps {
		slices.SortFunc(x.records, func(a, b FolderRecord) int { return compareWords(a.Service, b.Service, a.Spec.Path, b.Spec.Path) })
	}
}

// indexRuns finds the runs that lie in a job that has not ended.
func (x *experiment) indexRuns(attempts map[string]*Attempt) {
	x.runsIn = map[string][]*Run{}
	for _, r := range x.runs {
		if a := attempts[r.Nonce]; a != nil && a.End == nil {
			x.runsIn[r.Nonce] = append(x.runsIn[r.Nonce], r)
		}
	}
}

// layOut makes the seats of every allocation, with a replica of each member in each, and finds what fills them.
func (w *world) layOut(x *experiment) {
	all := make([]service, len(x.Services))
	x.service = make(map[string]*service, len(all))
	for i, s := range x.Services {
		all[i].Service = s
		all[i].Slots = w.slots(x, &x.Services[i])
		x.services = append(x.services, &all[i])
		if x.service[s.Name] == nil {
			x.service[s.Name] = &all[i]
		}
	}
	x.allocs, x.alloc = allocate(x.services)
	for _, a := range x.allocs {
		seats := make([]seat, a.slots)
		for _, s := range a.members {
			replicas := make([]replica, a.slots)
			s.of, s.replicas = a, make([]*replica, a.slots)
			for slot := range replicas {
				replicas[slot].seat, s.replicas[slot] = &seats[slot], &replicas[slot]
			}
		}
		for slot := range seats {
			seats[slot].id = drivers.Seat{Experiment: x.Name, Group: a.name, Slot: slot}
			a.seats = append(a.seats, &seats[slot])
			w.occupy(a, &seats[slot])
		}
	}
}

// few is how many processes are searched without an index.
const few = 8

// fill puts an attempt into a seat, with its job, its agent and the processes that the agent reports.
func (w *world) fill(alloc *allocation, seat *seat, a *Attempt) {
	seat.attempt, seat.agent, seat.job, seat.instructed = a, w.o.Agents[a.Nonce], w.job(a.Nonce), nil
	if wanted := seat.agent.Desired.Processes; len(wanted) > few {
		seat.instructed = make(map[string]bool, len(wanted))
		for _, p := range wanted {
			seat.instructed[p.Service()] = true
		}
	}
	var reported []drivers.ProcessState
	if s := seat.agent.State; s != nil && s.Nonce == a.Nonce {
		reported = s.Processes
	}
	find := func(name string) (found *drivers.ProcessState) {
		for i := range reported {
			if reported[i].Name == name {
				found = &reported[i]
			}
		}
		return found
	}
	if len(reported) > few {
		byName := make(map[string]*drivers.ProcessState, len(reported))
		for i := range reported {
			byName[reported[i].Name] = &reported[i]
		}
		find = func(name string) *drivers.ProcessState { return byName[name] }
	}
	for _, s := range alloc.members {
		procs := make([]*drivers.ProcessState, len(s.Processes))
		for i := range s.Processes {
			procs[i] = find(s.Processes[i].Name)
		}
		s.in(seat).procs = procs
	}
}

// job is the job of an attempt; nil when none is listed. Of several it is the oldest.
func (w *world) job(nonce string) *drivers.Job {
	if jobs := w.jobs[nonce]; len(jobs) > 0 {
		return jobs[0]
	}
	return nil
}

// runs reports whether the desired state of the seat's agent holds a service.
func (s *seat) runs(service string) bool {
	if s.instructed != nil {
		return s.instructed[service]
	}
	return slices.ContainsFunc(s.agent.Desired.Processes, func(p drivers.Process) bool { return p.Service() == service })
}

// free empties a seat.
func (alloc *allocation) free(seat *seat) {
	seat.attempt, seat.job, seat.agent, seat.instructed = nil, nil, Agent{}, nil
	for _, s := range alloc.members {
		s.replicas[seat.id.Slot].procs = nil
	}
}
