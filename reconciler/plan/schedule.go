package plan

import (
	"slices"
	"time"

	"assay/api/v1alpha1"
)

// An experiment with a schedule is measured in rounds. A round is a time of the schedule, and a part of the keys of its runs: what
// was measured earlier stays as it is, and each run of a round is done once, whoever looks after it and however often that one
// starts anew. Which round is wanted follows from the runs: the newest that has one, until a later time has come and all runs of
// the present round have ended, or none has begun. So rounds never overlap, and of several that were missed the last one is done.

// Schedule gives the times at which an experiment is measured again.
type Schedule interface {
	Next(after time.Time) time.Time // zero: never
}

// finest is the smallest distance between two times of a schedule.
const finest = time.Minute

// lastBefore is the last time of a schedule after one moment and not after another; zero: there is none.
func lastBefore(s Schedule, after, now time.Time) time.Time {
	come := func(from time.Time) (time.Time, bool) {
		at := s.Next(from)
		return at, !at.IsZero() && !at.After(now)
	}
	last, ok := come(after)
	if !ok {
		return time.Time{}
	}
	for from, to := after, now; to.Sub(from) > finest; { // the later one looks, the later the next time is
		middle := from.Add(to.Sub(from) / 2)
		if at, ok := come(middle); ok {
			from, last = middle, at
		} else {
			to = middle
		}
	}
	for {
		at, ok := come(last)
		if !ok {
			return last
		}
		last = at
	}
}

// newestRound is the newest round that has a run.
func (x *experiment) newestRound() time.Time {
	newest := x.past.newestRound()
	for _, r := range x.runs {
		if r.Round.After(newest) {
			newest = r.Round
		}
	}
	return newest
}

// dueRound is the round that has come since the present one, whatever was changed meanwhile; zero: none has.
func (x *experiment) dueRound(now time.Time) time.Time {
	after := x.Round
	if after.IsZero() {
		after = x.Accepted
	}
	return lastBefore(x.Schedule, after, now)
}

// rounds lists the wanted runs of the round that is to be measured now.
func (x *experiment) rounds(now time.Time) {
	newest := x.newestRound()
	if x.Schedule == nil && newest.IsZero() {
		x.list()
		return
	}
	x.begin(newest) // also where there is a schedule no more
	if x.Schedule == nil {
		return
	}
	next := x.dueRound(now)
	if next.IsZero() || slices.ContainsFunc(x.runs, active) {
		return
	}
	begun := slices.ContainsFunc(x.wants, func(want wantedRun) bool { return len(x.ofKey(want.key)) > 0 })
	if x.allDone() || !begun {
		x.begin(next)
	}
}

// wantRound sets the round whose runs are wanted.
func (x *experiment) wantRound(round time.Time) {
	if x.Round = round.UTC(); round.IsZero() {
		x.Wanted = x.wantedRuns()
		return
	}
	x.Wanted = indexWants(x.Experiment.wanted())
}

// begin lists the runs of a round.
func (x *experiment) begin(round time.Time) {
	x.wantRound(round)
	x.waits, x.decided, x.skipped = map[string]cause{}, nil, nil
	x.list()
}

// scheduleStatus says when an experiment is measured again, and has a pass made then.
func (w *world) scheduleStatus(x *experiment) *v1alpha1.ScheduleStatus {
	if x.Schedule == nil || x.Deleting {
		return nil
	}
	st := &v1alpha1.ScheduleStatus{Next: x.Schedule.Next(w.o.Now)}
	w.wakeAt(st.Next)
	if !x.Round.IsZero() {
		st.Round = &x.Round
	}
	if due := x.dueRound(w.o.Now); !due.IsZero() {
		st.Due = &due
	}
	return st
}
