package reconciler

import (
	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// sources reads what followed folders and repositories last delivered. When that fails their experiments go on, without
// the condition Synced.
func (l *Loop) sources() []plan.Source {
	all, err := l.Store.Sources()
	if err != nil {
		l.Log.Warn("reading the records of followed sources", "error", err)
	}
	return all
}

// forgotten reads what the deleted experiments of sources with a budget used. What cannot be read could be more than is left.
func (l *Loop) forgotten(all []plan.Source) (map[string]plan.Usage, error) {
	out := map[string]plan.Usage{}
	for _, src := range all {
		if src.Budget == nil {
			continue
		}
		used, err := l.Store.Forgotten(src.Owner)
		if err != nil {
			return nil, err
		}
		out[src.Owner] = used
	}
	return out, nil
}

// reportSync writes an event when an experiment no longer is as its source has it, differs for another reason, or is again.
// It compares with the published status, so that a controller that starts repeats nothing.
func (l *Loop) reportSync(before, now v1alpha1.ExperimentStatus) {
	was, is := v1alpha1.Find(before.Conditions, v1alpha1.Synced), v1alpha1.Find(now.Conditions, v1alpha1.Synced)
	if is.Reason == string(plan.NotObserved) || was.Reason == is.Reason && was.Message == is.Message {
		return
	}
	e := store.Event{Time: l.Clock(), Type: warning, Experiment: now.Name, Object: "experiment/" + now.Name, Reason: is.Reason, Message: is.Message, Generation: now.Generation}
	if is.Reason == string(plan.SiteNotTaken) && was.Reason == is.Reason {
		return // its message names the commit, and each new one would be said again
	}
	if is.Status == v1alpha1.True && is.Reason != string(plan.SiteNotTaken) {
		if was.Status == v1alpha1.True || was.Reason == string(plan.NotObserved) {
			return // it was in sync, or is followed for the first time
		}
		e.Type = normal
	}
	if err := l.Lease.Emit(e); err != nil { // a lost lease shows at the next effect
		l.Log.Warn("writing an event", "object", e.Object, "reason", e.Reason, "error", err)
	}
}
