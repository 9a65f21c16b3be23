package reconciler

import "assay/reconciler/plan"

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
