package view

import (
	"fmt"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/store"
	"assay/reconciler/view/text"
)

// KeptKinds are the kinds of which something stays of a deleted experiment.
var KeptKinds = []string{"experiments", "benchmarks", "runs", "revisions", "events"}

// Deleted is what is kept of the experiments that were deleted and not purged: their last revision and status, and what they
// measured.
func Deleted(st *store.Store) (Snapshot, error) {
	s := Snapshot{store: st, Heads: map[string]store.Revision{}, deleted: true}
	revs, err := st.Deleted()
	if s.damages, err = store.Tolerate(err); err != nil {
		return s, err
	}
	for _, r := range revs {
		status, err := lastStatus(st, r)
		if err != nil {
			return s, err
		}
		s.Heads[r.Experiment] = r
		s.Statuses = append(s.Statuses, status)
	}
	return s, nil
}

// lastStatus is the status of a deleted experiment: what it was at the end, without anything that was up. Where that was lost it
// is made from the revision and the runs.
func lastStatus(st *store.Store, r store.Revision) (v1alpha1.ExperimentStatus, error) {
	e, ok, err := st.LastStatus(r)
	if err != nil {
		return e, err
	}
	if !ok {
		e = v1alpha1.ExperimentStatus{Name: r.Experiment, Site: r.Site.Metadata.Name}
	}
	e.Revision, e.Generation, e.Deleting, e.Services = r.Hash, r.Generation, true, nil
	e.Conditions = []v1alpha1.Condition{{Type: v1alpha1.Ready, Status: v1alpha1.False, Reason: string(plan.Deleted), Message: DeletedLine(r), LastTransitionTime: r.Origin.Time, ObservedGeneration: r.Generation}}
	return e, countRuns(st, r, &e)
}

// countRuns makes the benchmarks from what they declare and from their runs that have ended.
func countRuns(st *store.Store, r store.Revision, e *v1alpha1.ExperimentStatus) error {
	lines, err := st.Finished(r.Experiment)
	if err != nil {
		return err
	}
	known := map[string]v1alpha1.BenchmarkStatus{}
	for _, b := range e.Benchmarks {
		known[b.Name] = b
	}
	e.Benchmarks = nil
	for _, declared := range r.Spec.Spec.Benchmarks {
		b, ok := known[declared.Name]
		if !ok {
			b = v1alpha1.BenchmarkStatus{Name: declared.Name, Target: declared.Target}
		}
		if b.Done, b.Failed = 0, 0; !ok {
			b.Runs = 0
		}
		for _, l := range lines {
			switch {
			case l.Benchmark != b.Name:
			case l.Phase == v1alpha1.RunFailed:
				b.Done, b.Failed = b.Done+1, b.Failed+1
			case l.Phase == v1alpha1.RunComplete:
				b.Done++
			}
		}
		b.Runs = max(b.Runs, b.Done)
		e.Benchmarks = append(e.Benchmarks, b)
	}
	return nil
}

// DeletedLine says of an experiment that it is deleted, and what to type.
func DeletedLine(r store.Revision) string {
	return fmt.Sprintf("experiment %s was deleted %s ago by %s@%s; what it measured is kept. Remove it: assay purge %s; bring it back: assay undo %s",
		r.Experiment, text.Duration(time.Since(r.Origin.Time)), r.Origin.User, r.Origin.Host, r.Experiment, r.Experiment)
}

// deleted says of what belongs to a deleted experiment that it does.
func (d describer) deleted(experiment string) {
	if r, deleted, ok, err := d.s.store.Newest(experiment); err == nil && ok && deleted {
		d.field("Deleted", "%s", DeletedLine(r))
	}
}
