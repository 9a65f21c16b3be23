package plan

import "assay/api/v1alpha1"

// RunStatus is the status of a run that has ended. It depends on nothing but the run.
func RunStatus(r Run) v1alpha1.RunStatus {
	w := &world{o: Observed{Now: r.Ended}}
	return w.runStatus(&r, nil)
}

func (w *world) runStatus(r *Run, before []v1alpha1.Condition) v1alpha1.RunStatus {
	st := v1alpha1.RunStatus{ID: r.ID, Benchmark: r.Benchmark, Point: r.Point, Repeat: r.Repeat, Key: r.Key, Revision: r.Revision, Commit: r.Commit,
		Phase: r.Phase, Reason: string(r.Reason), JobID: r.JobID, Simulated: r.Simulated, Dir: r.Dir}
	c := &conditions{w: w, before: before}
	if s := w.o.Agents[r.Nonce].State; s != nil && active(r) {
		for _, a := range s.Runs {
			if a.ID == r.ID {
				st.Progress = a.Progress
			}
		}
	}
	created := r.Created
	st.Started = &created
	if !r.Ended.IsZero() {
		ended := r.Ended
		st.Ended = &ended
	}
	because := cause{r.Reason, r.Message}
	if waits := w.waits(r); waits.set() {
		because, st.Reason = waits, string(waits.reason)
	}
	if !because.set() {
		because.reason = Reason(r.Phase)
	}
	valid, judged := v1alpha1.Unknown, cause{NoResult, "there is no result to judge"}
	if res := r.Result; res != nil && res.Error == "" && r.Phase != v1alpha1.RunLost { // what an ended attempt still wrote does not count
		started, ended := res.Started, res.Ended
		st.Started, st.Ended, st.Metrics, st.Simulated = &started, &ended, res.Metrics, r.Simulated || res.Simulated
		valid, judged = v1alpha1.True, cause{Valid, reasons(r)}
		if !res.Valid {
			valid, judged = v1alpha1.False, cause{Invalid, reasons(r)}
			if len(res.Reasons) > 0 {
				judged.reason = Reason(res.Reasons[0].Reason)
			}
		}
	}
	c.set(v1alpha1.Complete, truth(r.Phase == v1alpha1.RunComplete), because)
	c.set(v1alpha1.Failed, truth(r.Phase == v1alpha1.RunFailed), because)
	c.set(v1alpha1.Valid, valid, judged)
	st.Conditions = c.list
	return st
}

// reasons are a result's reasons, against its validity or to be known, as one sentence.
func reasons(r *Run) string {
	out := ""
	for i, because := range r.Result.Reasons {
		if i > 0 {
			out += "; "
		}
		out += because.Message
	}
	return out
}
