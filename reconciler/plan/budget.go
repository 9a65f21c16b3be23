package plan

import (
	"cmp"
	"fmt"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// budget is how many seats assay may have under replacement at a time on its own account. What the user changes or
// removes, and jobs that ended by themselves, need none of it.
type budget struct {
	of          map[*allocation]int // seats of it that are being replaced
	total, most int
	replacing   map[drivers.Seat]bool
}

// openBudget counts what is being replaced: a job that assay ended on its own account, until its successor is Ready or was given up.
func (w *world) openBudget() {
	w.budget = budget{of: map[*allocation]int{}, replacing: map[drivers.Seat]bool{}}
	running := 0
	for _, x := range w.exps {
		if x.released.set() {
			continue
		}
		for _, alloc := range x.allocs {
			for _, seat := range alloc.seats {
				replacing := w.isReplaced(x, alloc, seat)
				if replacing {
					w.budget.book(alloc, seat)
				}
				if replacing || seat.job != nil && seat.job.State == drivers.JobRunning {
					running++
				}
			}
		}
	}
	w.budget.most = max(1, running/cmp.Or(w.d.Policy.OneIn, 5))
}

func (b *budget) book(alloc *allocation, seat *seat) {
	b.replacing[seat.id] = true
	b.of[alloc]++
	b.total++
}

// spend takes a place of the budget for replacing a seat; the cause says why there is none.
func (w *world) spend(alloc *allocation, seat *seat) cause {
	b, one := &w.budget, cmp.Or(w.d.Policy.OfService, 1)
	switch {
	case b.replacing[seat.id]:
		return cause{}
	case b.of[alloc] >= one:
		return cause{WaitingForBudget, fmt.Sprintf("it is replaced once fewer of %s are being replaced: at most %d at a time, and now %d", alloc.name, one, b.of[alloc])}
	case b.total >= b.most:
		return cause{WaitingForBudget, fmt.Sprintf("it is replaced once fewer of all jobs are being replaced: at most %d at a time, and now %d", b.most, b.total)}
	}
	b.book(alloc, seat)
	return cause{}
}

// onOurOwn reports whether a reason for the end of a job is ours, and neither the user's nor the scheduler's.
func onOurOwn(r Reason) bool {
	switch r {
	case AgentLost, ReadinessDeadline, CrashLoop, CommandNotFound, Missing, PortTaken, InsecureRay:
		return true
	}
	return false
}

// isReplaced reports whether a seat counts: its job is being ended on our account, or the last one was and its successor
// has not been Ready. A successor that waits for something else than itself does not count, since what it waits for could
// wait for the budget.
func (w *world) isReplaced(x *experiment, alloc *allocation, seat *seat) bool {
	a, ended := seat.attempt, w.ended[seat.id.Place()]
	before := Reason("") // why its last job was ended, or is being ended beside it
	if twin := alloc.twin(seat.id.Slot); twin != nil {
		before = twin.attempt.Cancelled
	} else if len(ended) > 0 {
		before = ended[len(ended)-1].End.Reason
	}
	switch {
	case a != nil && a.Cancelled != "":
		return onOurOwn(a.Cancelled)
	case !onOurOwn(before):
		return false
	case a == nil:
		if _, stalled := w.backoff(alloc, seat); stalled.set() {
			return false
		}
	case seat.agent.State != nil && everReady(seat.agent.State), w.stuck(seat.job).set():
		return false
	}
	failed := true
	for _, s := range alloc.members {
		replica := s.replicas[seat.id.Slot]
		if !replica.givenUp.set() {
			failed = false
			if replica.ready != v1alpha1.True && !w.heldBack(x, s, seat).set() {
				return true
			}
		}
	}
	return failed
}
