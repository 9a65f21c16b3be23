package plan

import (
	"fmt"
	"iter"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// A place has two seats. Mostly one is filled. Around the end of a walltime both are, and then one of them leads: it is the
// service, for users, runs and the status. The other one, its twin, comes up, or drains.

// leads reports whether a goes before b, both open: what serves before what drains, before what is cancelled, before what
// nobody knows, and of two alike the older.
func leads(a, b *Attempt) bool {
	if ra, rb := a.rank(), b.rank(); ra != rb {
		return ra < rb
	}
	return a.Begun.Before(b.Begun) || a.Begun.Equal(b.Begun) && a.Nonce < b.Nonce
}

func (a *Attempt) rank() int {
	switch {
	case a.unknown():
		return 3
	case a.Cancelled != "":
		return 2
	case !a.HandedOver.IsZero():
		return 1
	}
	return 0
}

// occupy puts the open attempts of a place into its seats.
func (w *world) occupy(alloc *allocation, place *seat) {
	first, second := w.open[place.id], w.open[place.id.Twin()]
	switch {
	case len(second) == 0 && len(first) == 0:
	case len(second) == 0:
		w.fill(alloc, place, first[0])
	case len(first) == 0:
		place.id = place.id.Twin()
		w.fill(alloc, place, second[0])
	case leads(first[0], second[0]):
		w.fill(alloc, place, first[0])
		w.addTwin(alloc, place.id.Twin(), second[0])
	default:
		id := place.id
		place.id = id.Twin()
		w.fill(alloc, place, second[0])
		w.addTwin(alloc, id, first[0])
	}
}

func (w *world) addTwin(alloc *allocation, id drivers.Seat, a *Attempt) {
	if alloc.twins == nil {
		alloc.twins = make([]*seat, alloc.slots)
	}
	twin := &seat{id: id}
	alloc.twins[id.Slot] = twin
	for _, s := range alloc.members {
		if s.twins == nil {
			s.twins = make([]*replica, alloc.slots)
		}
		s.twins[id.Slot] = &replica{seat: twin}
	}
	w.fill(alloc, twin, a)
}

// twin is the second filled seat of a place; nil when there is none.
func (alloc *allocation) twin(slot int) *seat {
	if alloc.twins == nil {
		return nil
	}
	return alloc.twins[slot]
}

func (alloc *allocation) dropTwin(slot int) {
	alloc.twins[slot] = nil
	for _, s := range alloc.members {
		s.twins[slot] = nil
	}
}

// swap makes the twin of a place lead.
func (alloc *allocation) swap(slot int) {
	alloc.seats[slot], alloc.twins[slot] = alloc.twins[slot], alloc.seats[slot]
	for _, s := range alloc.members {
		s.replicas[slot], s.twins[slot] = s.twins[slot], s.replicas[slot]
	}
}

// filled are the seats of an allocation: those that lead, filled or not, and their twins.
func (alloc *allocation) filled() iter.Seq[*seat] {
	return func(yield func(*seat) bool) {
		for _, seat := range alloc.seats {
			if !yield(seat) {
				return
			}
		}
		for _, twin := range alloc.twins {
			if twin != nil && !yield(twin) {
				return
			}
		}
	}
}

// in is the replica of a service in a seat.
func (s *service) in(seat *seat) *replica {
	if s.twins != nil {
		if twin := s.twins[seat.id.Slot]; twin != nil && twin.seat == seat {
			return twin
		}
	}
	return s.replicas[seat.id.Slot]
}

// rejudge looks again at the services of an allocation whose seats have changed.
func (w *world) rejudge(alloc *allocation) {
	x := w.byName[alloc.seats[0].id.Experiment]
	x.keepDeployments() // of the job that fills a seat now
	for _, s := range alloc.members {
		w.judge(x, s)
	}
}

// nextJob is what a seat's status says of its twin.
func (w *world) nextJob(s *service, replica *replica, v *v1alpha1.SeatStatus) {
	slot := replica.id.Slot
	if s.twins == nil || s.twins[slot] == nil {
		return
	}
	twin := s.twins[slot]
	switch a := twin.attempt; {
	case !a.HandedOver.IsZero():
		v.Draining = string(a.JobID)
		return
	case a.Cancelled != "":
		v.Ending = fmt.Sprintf("job %s, which was cancelled (%s)", a.JobID, a.Cancelled)
		return
	}
	v.Next = &v1alpha1.NextJob{JobID: string(twin.attempt.JobID), Ready: twin.ready == v1alpha1.True, Reason: string(twin.cause.reason), Message: twin.cause.message}
	if twin.job != nil {
		v.Next.Nodes = twin.job.Nodes
	}
	if twin.wait.set() {
		v.Next.Reason, v.Next.Message = string(twin.wait.reason), twin.wait.message
	}
}
