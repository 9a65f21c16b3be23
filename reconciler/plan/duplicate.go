package plan

import (
	"fmt"
	"slices"

	"assay/drivers"
)

// duplicates keeps one live job a seat: the oldest is adopted, the others are cancelled. Intents prevent this; it
// heals what a scheduler that forgot and remembered, or a restored state directory, brings about.
func (w *world) duplicates() {
	if !w.known {
		return
	}
	for _, a := range sortedAttempts(w.o.Attempts) {
		live := slices.DeleteFunc(slices.Clone(w.jobs[a.Nonce]), func(j drivers.Job) bool { return j.State.Terminal() })
		slices.SortFunc(live, olderJob)
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
			for _, seat := range alloc.seats {
				w.oneAttempt(alloc, seat)
			}
		}
	}
}

// zombies cancels jobs that came up after their submission had been given up: their seat may be filled by another.
func (w *world) zombies(a *Attempt, live []drivers.Job) {
	for _, j := range live {
		if j.State != drivers.JobCompleting {
			w.do(Action{Verb: Cancel, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: j.ID,
				Reason: Duplicate, Message: fmt.Sprintf("job %s came up after its submission had been given up (%s)", j.ID, a.End.Reason)})
		}
	}
}

// oneAttempt keeps the open attempt whose job is the oldest.
func (w *world) oneAttempt(alloc *allocation, seat *seat) {
	open := slices.Clone(w.open[seat.id])
	if len(open) < 2 {
		return
	}
	slices.SortStableFunc(open, func(a, b *Attempt) int {
		ja, jb := w.jobs[a.Nonce], w.jobs[b.Nonce]
		if (len(ja) == 0) != (len(jb) == 0) {
			return len(jb) - len(ja)
		}
		if len(ja) == 0 {
			return 0
		}
		return olderJob(slices.MinFunc(ja, olderJob), slices.MinFunc(jb, olderJob))
	})
	w.fill(alloc, seat, open[0])
	for _, a := range open[1:] {
		w.cancel(a, cause{Duplicate, fmt.Sprintf("seat %s is filled by an older job", seat.id)})
	}
}
