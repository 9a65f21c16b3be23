package reconciler

import (
	"slices"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
)

// observeRuns reads the runs of what is declared: those that are open, and what is left of those that have ended. Where that
// fails the experiment is named, and the others go on.
func (l *Loop) observeRuns(d plan.Desired, o *plan.Observed) error {
	names := make([]string, len(d.Experiments))
	for i, e := range d.Experiments {
		names[i] = e.Name
	}
	see := l.Store.SeeRuns
	if l.Lease != nil {
		see = l.Lease.SeeRuns
	}
	seen, err := see(names)
	if err != nil {
		return err
	}
	for _, note := range seen.Notes {
		l.Log.Warn(note)
	}
	o.Runs, o.Past, o.Unread = seen.Open, seen.Past, seen.Failed
	return nil
}

// withoutUnread leaves the experiments out whose runs could not be read: what they have measured is unknown, so that nothing
// may be started for them. Their jobs stay as they are, and their status gives the error.
func (l *Loop) withoutUnread(d *plan.Desired, o plan.Observed) (stuck []v1alpha1.ExperimentStatus) {
	if len(o.Unread) == 0 {
		return nil
	}
	for _, e := range d.Experiments {
		if err := o.Unread[e.Name]; err != nil {
			st := v1alpha1.ExperimentStatus{Name: e.Name, Site: e.Site, Revision: e.Revision, Generation: e.Generation}
			stuck = append(stuck, l.stuck(st, plan.RunsUnreadable, err.Error()))
		}
	}
	d.Experiments = slices.DeleteFunc(slices.Clone(d.Experiments), func(e plan.Experiment) bool { return o.Unread[e.Name] != nil })
	return stuck
}
