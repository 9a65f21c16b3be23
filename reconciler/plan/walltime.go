package plan

import (
	"fmt"
	"time"

	"assay/drivers"
)

// limitGrace is the least time that a changed limit leaves to a running job: no change in place ends a job.
const limitGrace = 5 * time.Minute

// limitChange says what becomes of a job's time limit when settings change in place: the limit to ask for, or why the
// declared one holds from the next job on. The first rule that matches wins:
//
//	the declared time is the same          nothing: an administrator's change stays
//	no time is declared any more           from the next job on
//	the job has that limit                 nothing
//	an administrator extended the job      not below what the job has
//	it seems to start only later           from the next job on: the clocks differ
//	a budget does not cover a longer one   from the next job on
//	the job would end at once, or soon     from the next job on
//	otherwise                              asked for; the scheduler can still refuse
func (w *world) limitChange(alloc *allocation, seat *seat) (c *drivers.Change, deferred string) {
	a, j, want := seat.attempt, seat.job, alloc.job.Time
	if j == nil || a.Time == drivers.SecondsOf(want) {
		return &drivers.Change{}, ""
	}
	ran := w.ran(seat)
	granted := a.Limit > 0 && (j.Limit == 0 || j.Limit >= a.Limit.Std()+time.Minute) // schedulers round up to minutes
	switch {
	case want == 0:
		return &drivers.Change{}, fmt.Sprintf("job %s keeps its limit", j.ID)
	case j.Limit == want:
		return &drivers.Change{}, ""
	case granted && (j.Limit == 0 || want < j.Limit):
		return &drivers.Change{}, fmt.Sprintf("job %s keeps the %s that an administrator gave it", j.ID, limitWord(j.Limit))
	case ran < 0:
		return &drivers.Change{}, fmt.Sprintf("how long job %s has run cannot be told: the clocks of the scheduler and of this machine differ", j.ID)
	case want > j.Limit && w.affords(w.byName[seat.id.Experiment], alloc.holds, want-j.Limit).set():
		return &drivers.Change{}, fmt.Sprintf("job %s keeps its limit: %s", j.ID, w.affords(w.byName[seat.id.Experiment], alloc.holds, want-j.Limit).message)
	case want < ran+limitGrace:
		return &drivers.Change{}, fmt.Sprintf("job %s has run for %s, and a limit of %s would end it", j.ID, ran.Round(time.Second), want)
	}
	return &drivers.Change{Time: &want, Was: j.Limit}, ""
}

// ran is how long a job has run: by the scheduler's clock and ours, which can differ, and at least for as long as its agent
// has counted seconds.
func (w *world) ran(seat *seat) time.Duration {
	if seat.job.Started.IsZero() {
		return 0
	}
	ran := w.o.Now.Sub(seat.job.Started)
	if st := seat.agent.State; st != nil {
		ran = max(ran, drivers.BeatEvery*time.Duration(st.Heartbeat))
	}
	return ran
}

func limitWord(d time.Duration) string {
	if d == 0 {
		return "unlimited time"
	}
	return d.String()
}

// changesInPlace reports whether the settings of a seat's job are to be changed now. A listing from before our own last
// change shows the former limit, which looks like an extension by an administrator: the next one decides.
func (w *world) changesInPlace(alloc *allocation, seat *seat) bool {
	return seat.attempt.Settings != alloc.settings && seat.job != nil && w.o.Listing.At.After(seat.attempt.Changed) &&
		(seat.job.State == drivers.JobPending || seat.job.State == drivers.JobRunning)
}

// reconfigure changes a job in place.
func (w *world) reconfigure(alloc *allocation, seat *seat) {
	a := seat.attempt
	change, deferred := w.limitChange(alloc, seat)
	because := cause{SettingsChanged, fmt.Sprintf("job %s is changed in place", seat.job.ID)}
	if deferred != "" {
		because = cause{TimeDeferred, "the new time limit holds from the next job on: " + deferred}
	}
	w.do(Action{Verb: Reconfigure, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: seat.job.ID,
		Reason: because.reason, Message: because.message, Change: change, Settings: alloc.settings, Time: drivers.SecondsOf(alloc.job.Time), Deferred: deferred})
}

// updateReason is what `assay plan` says of settings that change in place.
func (w *world) updateReason(alloc *allocation, seat *seat) string {
	reason := "its settings changed: in place, nothing restarts"
	if seat.attempt.Settings == alloc.settings {
		return reason
	}
	change, deferred := w.limitChange(alloc, seat)
	switch {
	case deferred != "":
		reason += "; the new time limit holds from the next job on: " + deferred
	case change.Time != nil && seat.job.State == drivers.JobRunning && *change.Time > seat.job.Limit && seat.job.Limit > 0:
		reason += fmt.Sprintf("; where the scheduler refuses a longer limit once a job has started, job %s keeps its %s", seat.job.ID, seat.job.Limit)
	}
	return reason
}
