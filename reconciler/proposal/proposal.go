package proposal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/accept"
	"assay/reconciler/gate"
	"assay/reconciler/plan"
	"assay/reconciler/results/resultset"
	"assay/reconciler/review"
	"assay/reconciler/store"
)

// Proposal is a pull request with what it is measured by.
type Proposal struct {
	Batch  accept.Batch // its origin is the pull request's
	Sides  review.Input // both sides, and how much worse a metric may be
	Pairs  []accept.Pair
	Budget *v1alpha1.Budget // of all of it; nil: none
	Again  bool             // the base is measured also where it has results
	Limit  time.Duration    // it is decided by what there is then; 0: never

	Reader resultset.Reader
	PromQL gate.Values // asked while the loop runs
	Does   Does
}

// Does is what a command does for it: it knows the lease, the loop and the screen.
type Does struct {
	Note      func(format string, v ...any)
	Accept    func(accept.Batch, []v1alpha1.ExperimentDoc) ([]store.Revision, error)
	Loop      func(ctx context.Context, body func(context.Context) error) error // body while a loop runs, ours or another's
	Follow    func(ctx context.Context, revs []store.Revision, request int64, limit time.Duration) error
	Forgotten func(ctx context.Context, experiments []string) error
}

// measuring is a proposal under way.
type measuring struct {
	Proposal
	docs   []v1alpha1.ExperimentDoc // to be measured, under their temporary names
	based  map[string]string        // experiment -> where the results of its base are
	inTurn map[string]bool          // experiments whose base is measured, too
	revs   []store.Revision
}

// Measure starts what has to be measured, waits, judges, and deletes what it started.
func (p Proposal) Measure(ctx context.Context) (review.Review, error) {
	m := &measuring{Proposal: p, based: map[string]string{}, inTurn: map[string]bool{}}
	if err := m.clear(ctx, m.Batch.Leftovers); err != nil {
		return review.Review{}, fmt.Errorf("deleting what an earlier measurement of the pull request left: %w", err)
	}
	if err := m.choose(); err != nil {
		return review.Review{}, err
	}
	if len(m.docs) == 0 {
		return m.judge()
	}
	return m.measured(ctx)
}

func (m *measuring) measured(ctx context.Context) (r review.Review, err error) {
	defer func() { err = errors.Join(err, m.clean(ctx)) }()
	if err = m.apply(); err != nil {
		return r, err
	}
	request, err := m.Batch.Store.RequestPass()
	if err != nil {
		return r, err
	}
	err = m.Does.Loop(ctx, func(ctx context.Context) (err error) {
		failed := m.Does.Follow(ctx, m.revs, request, m.Limit)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if failed != nil { // it is in the verdict
			m.Does.Note("%v", failed)
		}
		r, err = m.judge()
		return err
	})
	return r, err
}

// apply stores the temporary experiments, and before them their budget.
func (m *measuring) apply() (err error) {
	record := plan.Source{Owner: accept.Owner(m.Batch.Origin), Origin: m.Batch.Origin, Budget: m.Budget}
	for _, doc := range m.docs {
		record.Experiments = append(record.Experiments, doc.Metadata.Name)
	}
	if err := m.Batch.Store.PutSource(record); err != nil {
		return err
	}
	m.revs, err = m.Does.Accept(m.Batch, m.docs)
	return err
}

// clean deletes what was started, also after an interruption.
func (m *measuring) clean(ctx context.Context) error {
	own := func() ([]store.Revision, error) { return m.Batch.Gone(nil) }
	if err := m.clear(context.WithoutCancel(ctx), own); err != nil {
		return fmt.Errorf("deleting what was started for the pull request: %w; what is left: assay get experiments", err)
	}
	return m.Batch.Store.DropSource(accept.Owner(m.Batch.Origin)) // also when nothing was accepted
}

// clear deletes experiments, waits until they are gone, and forgets the sources that they came from.
func (m *measuring) clear(ctx context.Context, which func() ([]store.Revision, error)) error {
	heads, err := which()
	for _, h := range heads {
		err = errors.Join(err, m.Batch.Delete(h))
	}
	if err != nil || len(heads) == 0 {
		return err
	}
	if err := m.untilGone(ctx, heads); err != nil {
		return err
	}
	for _, h := range heads {
		err = errors.Join(err, m.Batch.Store.DropSource(h.Owner))
	}
	return err
}

func (m *measuring) untilGone(ctx context.Context, heads []store.Revision) error {
	var names []string
	for _, h := range heads {
		names = append(names, h.Experiment)
	}
	const limit = 2 * plan.FenceTime
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not everything ended within %s", limit))
	defer cancel()
	return m.Does.Loop(ctx, func(ctx context.Context) error { return m.Does.Forgotten(ctx, names) })
}
