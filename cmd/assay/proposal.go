package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers/source"
	"assay/reconciler/accept"
	"assay/reconciler/gate"
	"assay/reconciler/plan"
	"assay/reconciler/results/resultset"
	"assay/reconciler/review"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// proposal is a pull request that is measured.
type proposal struct {
	a     *app
	o     syncOptions
	in    review.Input
	store *store.Store
	site  v1alpha1.Site
	batch accept.Batch
	pairs []accept.Pair

	docs   []v1alpha1.ExperimentDoc // to be measured, under their temporary names
	based  map[string]string        // experiment -> where the results of its base are
	inTurn map[string]bool          // experiments whose base is measured, too
	revs   []store.Revision
}

// runProposal measures a pull request beside its base, decides, and deletes what it started.
func (a *app) runProposal(ctx context.Context, o syncOptions, g source.Git) error {
	p := &proposal{a: a, o: o, based: map[string]string{}, inTurn: map[string]bool{}}
	if err := p.read(ctx, g); err != nil {
		return err
	}
	if err := p.endAll(ctx, p.batch.Leftovers); err != nil {
		return err
	}
	if err := p.choose(); err != nil {
		return err
	}
	r, err := p.measured(ctx)
	if err != nil {
		return err
	}
	return p.tell(r)
}

// read reads both sides. Manifests of the pull request that are not valid are a verdict already.
func (p *proposal) read(ctx context.Context, g source.Git) error {
	base := g
	base.Ref = p.o.gate.base
	was, err := base.Read(ctx)
	if err != nil {
		return err
	}
	in, err := g.Read(ctx)
	if err != nil {
		return err
	}
	in.Proposed, in.Origin.Source = true, accept.PullRequest
	side := func(in source.Input) review.Side {
		return review.Side{Ref: in.Origin.Ref, Commit: in.Origin.Commit, Author: in.Origin.Author, Subject: in.Origin.Subject}
	}
	p.in = review.Input{Base: side(was), Head: side(in), Allow: v1alpha1.Percent(p.o.gate.allow)}
	old, oldSite, err := p.a.load(was)
	if err != nil {
		return fmt.Errorf("the base, %s at commit %.10s, is not valid:\n%w", was.Origin.Ref, was.Origin.Commit, err)
	}
	m, site, err := p.a.load(in)
	if err == nil && oldSite.Metadata.Name != site.Metadata.Name {
		err = fmt.Errorf("the pull request is for site %s, and its base for %s: two sites are not compared", site.Metadata.Name, oldSite.Metadata.Name)
	}
	if err != nil {
		return errors.Join(p.save(review.Invalid(p.in, brief(err))), err)
	}
	if p.store, p.site, err = p.a.open(site); err != nil {
		return err
	}
	p.batch = p.a.batch(p.store, p.site, in.Origin, false)
	p.pairs, err = p.batch.Pairs(m.Experiments, old.Experiments)
	return err
}

// choose says what is to be measured: what the pull request changes, and of the base what has no results.
func (p *proposal) choose() error {
	read := resultsOf(p.store)
	for _, pair := range p.pairs {
		if pair.Unchanged || pair.Head == nil || pair.Head.Spec.Suspend {
			continue
		}
		p.docs = append(p.docs, accept.Temporary(*pair.Head, p.name(pair, "")))
		if pair.Base == nil {
			continue
		}
		m, err := read.Measurements(pair.Name)
		if err != nil {
			return err
		}
		rev, done, err := m.Measuring(pair.BaseHash)
		switch {
		case err != nil:
			return err
		case done && !p.o.gate.again:
			p.based[pair.Name] = fmt.Sprintf("%s@%d", pair.Name, rev.Generation)
		default:
			doc := accept.Temporary(*pair.Base, p.name(pair, "-base"))
			doc.Spec.Suspend = false
			p.docs, p.inTurn[pair.Name], p.based[pair.Name] = append(p.docs, doc), true, doc.Metadata.Name
		}
	}
	return nil
}

func (p *proposal) name(pair accept.Pair, suffix string) string {
	return accept.TemporaryName(pair.Name, p.in.Head.Commit, suffix)
}

// measured applies what is to be measured, waits, and judges. Whatever happens, what it started is deleted.
func (p *proposal) measured(ctx context.Context) (r review.Review, err error) {
	if len(p.docs) > 0 {
		defer func() { err = errors.Join(err, p.clean(ctx)) }()
		if err = p.apply(); err != nil {
			return r, err
		}
	}
	request, err := p.store.RequestPass()
	if err != nil {
		return r, err
	}
	judge := func(ctx context.Context) (err error) {
		failed := p.a.follow(ctx, p.store, p.revs, request, p.o.gate.timeout)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if failed != nil {
			p.a.note("%v", failed)
		}
		r, err = p.judge(ctx)
		return err
	}
	if len(p.revs) == 0 {
		r, err = p.judge(ctx)
		return r, err
	}
	return r, p.a.withLoopOrController(ctx, p.store, p.site, "sync", judge)
}

// apply stores the temporary experiments, and before them their budget.
func (p *proposal) apply() (err error) {
	owner := accept.Owner(p.batch.Origin)
	record := plan.Source{Owner: owner, Origin: p.batch.Origin, Budget: p.o.budget.value}
	for _, doc := range p.docs {
		record.Experiments = append(record.Experiments, doc.Metadata.Name)
	}
	if err := p.store.PutSource(record); err != nil {
		return err
	}
	p.revs, err = p.a.accept(p.batch, v1alpha1.Manifest{Experiments: p.docs})
	return err
}

// clean deletes what was started, also after an interruption, and forgets the source.
func (p *proposal) clean(ctx context.Context) error {
	own := func() ([]store.Revision, error) { return p.batch.Gone(nil) }
	if err := p.endAll(context.WithoutCancel(ctx), own); err != nil {
		return err
	}
	return p.store.DropSource(accept.Owner(p.batch.Origin))
}

// endAll deletes experiments and waits until they are gone.
func (p *proposal) endAll(ctx context.Context, which func() ([]store.Revision, error)) error {
	heads, err := which()
	var names []string
	for _, h := range heads {
		names = append(names, h.Experiment)
		err = errors.Join(err, p.batch.Delete(h))
	}
	if err != nil || len(names) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 2*plan.FenceTime, fmt.Errorf("not everything of the pull request ended within %s; what is left: assay get jobs", text.Duration(2*plan.FenceTime)))
	defer cancel()
	return p.a.withLoopOrController(ctx, p.store, p.site, "sync", func(ctx context.Context) error {
		return p.a.untilForgotten(ctx, p.store, names)
	})
}

// judge collects what was measured and decides.
func (p *proposal) judge(ctx context.Context) (review.Review, error) {
	statuses, err := view.StatusesOf(p.store, p.revs, 0)
	if err != nil {
		return review.Review{}, err
	}
	for _, pair := range p.pairs {
		e, err := p.experiment(ctx, pair, statuses)
		if err != nil {
			return review.Review{}, err
		}
		p.in.Experiments = append(p.in.Experiments, e)
	}
	return review.Judge(p.in), nil
}

func (p *proposal) experiment(ctx context.Context, pair accept.Pair, statuses []v1alpha1.ExperimentStatus) (e review.Experiment, err error) {
	e = review.Experiment{Name: pair.Name, Unchanged: pair.Unchanged, InTurn: p.inTurn[pair.Name]}
	switch {
	case pair.Unchanged || pair.Head == nil:
		return e, nil
	case pair.Head.Spec.Suspend:
		e.Head, e.Unended = &review.Measured{Name: pair.Name}, "the pull request suspends it: nothing was measured"
		return e, nil
	}
	read := resultsOf(p.store)
	name := p.name(pair, "")
	if e.Head, err = measuredSide(read, name); err != nil {
		return e, err
	}
	if from := p.based[pair.Name]; from != "" {
		if e.Base, err = measuredSide(read, from); err != nil {
			return e, err
		}
	}
	i := slices.IndexFunc(statuses, func(s v1alpha1.ExperimentStatus) bool { return s.Name == name })
	if i >= 0 {
		e.Broken, e.Unended = view.Unsettled(statuses[i])
	} else {
		e.Unended = "it was not observed in time"
	}
	average, closed := p.a.prometheusOf(p.store, p.site)
	defer closed()
	e.Gates, err = read.Verdicts(name, resultset.PromQL(ctx, average))
	if errors.Is(err, resultset.ErrNoGate) {
		err = nil
	}
	return e, err
}

// measuredSide is what was measured of a revision.
func measuredSide(read resultset.Reader, ref string) (*review.Measured, error) {
	rev, points, err := read.Declared(ref)
	out := &review.Measured{Name: ref, Benchmarks: rev.Spec.Spec.Benchmarks}
	for _, p := range points {
		out.Points = append(out.Points, review.Point(p))
	}
	return out, err
}

// tell prints the verdict, writes the files, and makes an exit code of it.
func (p *proposal) tell(r review.Review) error {
	var rows [][]string
	for _, row := range r.Rows {
		rows = append(rows, []string{row.Experiment, text.Dash(row.Benchmark), text.Dash(view.Point(row.Point)), row.Check, text.Dash(row.Verdict), row.Reason})
	}
	p.a.table([]string{"EXPERIMENT", "BENCHMARK", "POINT", "CHECK", "VERDICT", "REASON"}, rows)
	fmt.Fprintln(p.a.out, r.Verdict)
	if err := p.save(r); err != nil {
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

func (p *proposal) save(r review.Review) error {
	var errs []error
	if name := p.o.gate.markdown; name != "" {
		errs = append(errs, p.a.save(name, []byte(r.Markdown()), true))
	}
	if name := p.o.gate.junit; name != "" {
		b, err := r.JUnit()
		if err == nil {
			err = p.a.save(name, b, true)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
