package plan

import (
	"cmp"
	"fmt"
	"slices"
)

// Which job executes a run is decided here and nowhere else. A run that is placed in a service's job carries nonce and job
// from its beginning. For one that needs a job of its own, an attempt says so: Attempt.Run is the run's ID. Once the agent
// of that job has taken the run, claim.json names both, whatever the controller lived through in between.

// attribute notes on a run which attempt and which job execute it, and reports whether that was news.
func (w *world) attribute(r *Run) bool {
	nonce, job := r.Nonce, r.JobID
	if c := r.Claim; c != nil && c.Nonce != "" && (r.Nonce == "" || active(r) && r.Result != nil && c.Nonce != r.Nonce) {
		r.Nonce, r.JobID = c.Nonce, ""
	}
	if a := w.attemptFor(r); r.Nonce == "" && a != nil {
		r.Nonce = a.Nonce
	}
	if r.JobID == "" && r.Nonce != "" {
		r.JobID = w.jobID(r)
	}
	return r.Nonce != nonce || r.JobID != job
}

// attemptFor is the attempt that was made for a run: the open one, else the last that became a job; nil when there is none.
func (w *world) attemptFor(r *Run) *Attempt {
	all := w.ownJobs[r.Experiment+"/"+r.ID]
	if i := slices.IndexFunc(all, func(a *Attempt) bool { return a.End == nil }); i >= 0 {
		return all[i]
	}
	for _, a := range slices.Backward(all) {
		if a.End.Reason != NeverSubmitted {
			return a
		}
	}
	return nil
}

// jobID is the id of the job that executes a run: as the scheduler lists it, as the attempt remembers it, or as the agent
// wrote it into the claim.
func (w *world) jobID(r *Run) string {
	if j := w.job(r.Nonce); j != nil {
		return string(j.ID)
	}
	var known, claimed string
	if a := w.attempt[r.Nonce]; a != nil {
		known = string(a.JobID)
	}
	if r.Claim != nil && r.Claim.Nonce == r.Nonce {
		claimed = r.Claim.JobID
	}
	return cmp.Or(known, claimed)
}

// jobMayShow reports whether the id of the job that executes a run is not known and still may become so. Until then a run
// that has ended is not summed up.
func (w *world) jobMayShow(r *Run) bool {
	a := w.attempt[r.Nonce]
	return r.JobID == "" && a != nil && a.End == nil
}

// placed records the job of a run, or that none of it will become known.
func (w *world) placed(r *Run) {
	r.Open = !active(r) && w.jobMayShow(r)
	c := *r
	message := "a job of its own runs it"
	switch {
	case active(r):
	case r.JobID == "":
		message = "its job never became known"
	default:
		message = fmt.Sprintf("job %s ran it", r.JobID)
	}
	w.do(Action{Verb: UpdateRun, Experiment: r.Experiment, Object: "run/" + r.ID, Nonce: r.Nonce, Reason: Placed, Message: message, Run: &c})
}
