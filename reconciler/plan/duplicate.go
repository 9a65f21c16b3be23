package plan

import (
	"fmt"
	"slices"

	"assay/drivers"
)

// duplicates keeps one live job a seat: the oldest is adopted, the others are cancelled. Intents prevent duplicates; this
// rule repairs what a scheduler that lost jobs for a while, or a restored state directory, brings about.
func (w *world) duplicates() {
	if !w.known {
		return
	}
	for _, a := range w.attempts {
		if a.End == nil && len(w.jobs[a.Nonce]) < 2 {
			continue
		}
		var live []*drivers.Job
		for _, j := range w.jobs[a.Nonce] {
			if !j.State.Terminal() {
				live = append(live, j)
			}
		}
		if a.End != nil {
			w.zombies(a, live)
			continue
		}
		for _, j := range live[min(1, len(live)):] {
			w.do(Action{Verb: Cancel, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: j.ID,
				Reason: Duplicate, Message: fmt.Sprintf("job %s is a second job of one submission; %s is the oldest", j.ID, live[0].ID)})
		}
	}
	for _, x := range w.exps {
		for _, alloc := range x.allocs {
			for seat := range alloc.filled() {
				w.oneAttempt(alloc, seat)
			}
		}
	}
}

// zombies cancels jobs that appeared after their submission was closed: another job can fill their seat by now.
func (w *world) zombies(a *Attempt, live []*drivers.Job) {
	for _, j := range live {
		if j.State != drivers.JobCompleting && j.Away == "" { // one that is away was told when it was closed
			w.do(Action{Verb: Cancel, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: j.ID,
				Reason: Duplicate, Message: fmt.Sprintf("job %s appeared after its submission was closed (%s)", j.ID, a.End.Reason)})
		}
	}
}

// oneAttempt keeps the open attempt whose job is the oldest. A busy seat stays with the one that it was judged by.
func (w *world) oneAttempt(alloc *allocation, seat *seat) {
	if len(w.open[seat.id]) < 2 || w.busy(seat.id) || slices.ContainsFunc(w.open[seat.id], (*Attempt).unknown) {
		return
	}
	open := slices.Clone(w.open[seat.id])
	slices.SortStableFunc(open, func(a, b *Attempt) int {
		ja, jb := w.job(a.Nonce), w.job(b.Nonce)
		switch {
		case ja == nil && jb == nil:
			return 0
		case jb == nil:
			return -1
		case ja == nil:
			return 1
		}
		return olderJob(ja, jb)
	})
	w.fill(alloc, seat, open[0])
	for _, a := range open[1:] {
		w.cancel(a, cause{Duplicate, fmt.Sprintf("seat %s is filled by an older job", seat.id)})
	}
}
