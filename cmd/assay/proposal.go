package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/source"
	"assay/reconciler/accept"
	"assay/reconciler/gate"
	"assay/reconciler/proposal"
	"assay/reconciler/results/resultset"
	"assay/reconciler/review"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// runProposal measures a pull request beside its base, and decides.
func (a *app) runProposal(ctx context.Context, o syncOptions, g source.Git) error {
	base := g
	base.Ref = o.gate.base
	was, err := base.Read(ctx)
	if err != nil {
		return err
	}
	in, err := g.Read(ctx)
	if err != nil {
		return err
	}
	in.Proposed, in.Origin.Source = true, accept.PullRequest
	sides := review.Input{Base: sideOf(was), Head: sideOf(in), Allow: v1alpha1.Percent(o.gate.allow)}
	old, oldSite, err := a.load(was)
	if err != nil {
		return fmt.Errorf("the base, %s at commit %.10s, is not valid:\n%w", was.Origin.Ref, was.Origin.Commit, err)
	}
	m, site, err := a.load(in)
	if err == nil && oldSite.Metadata.Name != site.Metadata.Name {
		err = fmt.Errorf("the pull request is for site %s, and its base for %s: two sites are not compared", site.Metadata.Name, oldSite.Metadata.Name)
	}
	if err != nil { // which is a verdict already
		return errors.Join(a.saveReview(review.Invalid(sides, brief(err)), o.gate), err)
	}
	st, site, err := a.open(site)
	if err != nil {
		return err
	}
	b := a.batch(st, site, in.Origin, false)
	pairs, err := b.Pairs(m.Experiments, old.Experiments)
	if err != nil {
		return err
	}
	average, closed := a.prometheusOf(st, site)
	defer closed()
	r, err := proposal.Proposal{
		Batch: b, Sides: sides, Pairs: pairs, Budget: o.budget.value, Again: o.gate.again, Limit: o.gate.timeout,
		Reader: resultsOf(st), PromQL: resultset.PromQL(ctx, average), Does: a.does(st, site),
	}.Measure(ctx)
	if err != nil {
		return err
	}
	return a.tellReview(r, o.gate)
}

func sideOf(in source.Input) review.Side {
	return review.Side{Ref: in.Origin.Ref, Commit: in.Origin.Commit, Author: in.Origin.Author, Subject: in.Origin.Subject}
}

// does is what commands do for whom the lease, the loop and the screen are none of their business.
func (a *app) does(st *store.Store, site v1alpha1.Site) proposal.Does {
	return proposal.Does{
		Note: a.note,
		Accept: func(b accept.Batch, docs []v1alpha1.ExperimentDoc) ([]store.Revision, error) {
			return a.accept(b, v1alpha1.Manifest{Experiments: docs})
		},
		Loop: func(ctx context.Context, body func(context.Context) error) error {
			return a.withLoopOrController(ctx, st, site, "sync", body)
		},
		Follow: func(ctx context.Context, revs []store.Revision, request int64, limit time.Duration) error {
			return a.follow(ctx, st, revs, request, limit)
		},
		Forgotten: func(ctx context.Context, names []string) error { return a.untilForgotten(ctx, st, names) },
	}
}

// tellReview prints the verdict, writes the files, and makes an exit code of it.
func (a *app) tellReview(r review.Review, o gateRequest) error {
	var rows [][]string
	for _, row := range r.Rows {
		rows = append(rows, []string{row.Experiment, text.Dash(row.Benchmark), text.Dash(view.Point(row.Point)), row.Check, text.Dash(row.Verdict), row.Reason})
	}
	a.table([]string{"EXPERIMENT", "BENCHMARK", "POINT", "CHECK", "VERDICT", "REASON"}, rows)
	fmt.Fprintln(a.out, r.Verdict)
	if err := a.saveReview(r, o); err != nil {
		return err
	}
	switch r.Verdict {
	case gate.NoGo:
		return exitError{code: exitNoGo}
	case gate.Inconclusive:
		return exitError{code: exitInconclusive}
	}
	return nil
}

func (a *app) saveReview(r review.Review, o gateRequest) error {
	var errs []error
	if o.markdown != "" {
		errs = append(errs, a.save(o.markdown, []byte(r.Markdown()), true))
	}
	if o.junit != "" {
		b, err := r.JUnit()
		if err == nil {
			err = a.save(o.junit, b, true)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
