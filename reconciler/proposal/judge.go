package proposal

import (
	"errors"
	"fmt"
	"slices"

	"assay/api/v1alpha1"
	"assay/reconciler/accept"
	"assay/reconciler/results/resultset"
	"assay/reconciler/review"
	"assay/reconciler/view"
)

// judge collects what was measured and decides.
func (m *measuring) judge() (review.Review, error) {
	statuses, err := view.StatusesOf(m.Batch.Store, m.revs, 0)
	if err != nil {
		return review.Review{}, err
	}
	in := m.Sides
	for _, pair := range m.Pairs {
		e, err := m.experiment(pair, statuses)
		if err != nil {
			return review.Review{}, fmt.Errorf("judging experiment %s: %w", pair.Name, err)
		}
		in.Experiments = append(in.Experiments, e)
	}
	return review.Judge(in), nil
}

func (m *measuring) experiment(pair accept.Pair, statuses []v1alpha1.ExperimentStatus) (e review.Experiment, err error) {
	e = review.Experiment{Name: pair.Name, Unchanged: pair.Unchanged, InTurn: m.inTurn[pair.Name]}
	switch {
	case pair.Unchanged || pair.Head == nil:
		return e, nil
	case pair.Head.Spec.Suspend:
		e.Head, e.Unended = &review.Measured{Name: pair.Name}, "the pull request suspends it: nothing was measured"
		return e, nil
	}
	name := m.name(pair.Name, "")
	if e.Head, err = m.side(name); err != nil {
		return e, err
	}
	if from := m.based[pair.Name]; from != "" {
		if e.Base, err = m.side(from); err != nil {
			return e, err
		}
	}
	e.Unended = "it was not observed in time"
	if i := slices.IndexFunc(statuses, func(s v1alpha1.ExperimentStatus) bool { return s.Name == name }); i >= 0 {
		e.Broken, e.Unended = view.Unsettled(statuses[i])
	}
	e.Gates, err = m.Reader.Verdicts(name, m.PromQL)
	if errors.Is(err, resultset.ErrNoGate) {
		err = nil
	}
	return e, err
}

// side is what was measured of a revision.
func (m *measuring) side(ref string) (*review.Measured, error) {
	rev, points, err := m.Reader.Declared(ref)
	out := &review.Measured{Name: ref, Benchmarks: rev.Spec.Spec.Benchmarks}
	for _, p := range points {
		out.Points = append(out.Points, review.Point(p))
	}
	return out, err
}
