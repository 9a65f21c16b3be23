package plan

import (
	"fmt"
	"time"

	"assay/drivers"
)

// extend asks for another walltime of the present job at the moment when the next one would be submitted, and reports whether
// it did. Few sites let the owner of a running job have that; what refused once is not asked again for that job. The first
// rule that matches wins:
//
//	the site never does, or refused for this job      the next job
//	no walltime is declared, or the job has none      the next job
//	the listing is older than our own last change     wait for the next one
//	a quarter of the time for the next job is over    the next job, where it may run beside this one
//	a budget does not cover it                        nothing, since it does not cover the next job either
//	otherwise                                         what the job has now, whoever gave it, and the declared walltime on top
func (w *world) extend(x *experiment, alloc *allocation, lead *seat, at time.Time, before time.Duration) bool {
	a, j, more := lead.attempt, lead.job, alloc.job.Time
	switch {
	case !alloc.renew.Extend || a.Unextended != "" || more == 0 || j.Limit == 0:
		return false
	case !w.o.Listing.At.After(a.Changed):
		return true
	case alloc.overlaps() && w.o.Now.After(at.Add(before/4)), w.affords(x, alloc.holds, more).set():
		return false
	}
	x.reserve(alloc.holds, more)
	limit := j.Limit + more
	w.do(Action{Verb: Extend, Experiment: x.Name, Object: "service/" + alloc.name, Seat: lead.id, Nonce: a.Nonce, JobID: j.ID, Reason: Extended,
		Message: fmt.Sprintf("job %s is to go on for another %s, %s in all, instead of being followed by another one", j.ID, more, limit),
		Change:  &drivers.Change{Time: &limit, Was: j.Limit}})
	return true
}

// spent is how many walltimes followed the first one, in this job and in those before it.
func (a *Attempt) spent() int { return a.Renewals + a.Extended }
