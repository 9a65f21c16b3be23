package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// rerunOptions are the arguments and flags of `assay rerun`.
type rerunOptions struct {
	runs            []string // names, or experiment/name
	invalid, failed bool
	exact           bool   // send the same requests, byte for byte
	of              string // EXPERIMENT or EXPERIMENT/BENCHMARK
	wait            bool
	timeout         time.Duration
}

func rerunCmd(a *app, run func(context.Context, rerunOptions) error) *cobra.Command {
	var o rerunOptions
	c := &cobra.Command{
		Use:   "rerun RUN... | --invalid | --failed [-e EXPERIMENT[/BENCHMARK]]",
		Short: "Ask for runs again; the old ones are kept and no longer count",
		Long: `rerun asks for runs again: those that are named, every one whose result is not valid, or every one that failed. The old
run is kept, and no longer counts; a new one with the same key follows. Runs that were measured together are done again
together. What is asked is written down first: it holds whatever becomes of this command or of the controller, and asking
twice is asking once. With a controller alive that one does the work, and rerun follows it; without one rerun runs the
loop itself until every run has ended.

With --exact a serving run sends the requests of the old one again, byte for byte: its prompts begin with the old run's mark
instead of one of their own, so a server that still runs can find them in its prefix cache. A result that was not sent so is
not valid. Runs of other suites follow from their seed, and send the same data each time.`,
		ValidArgsFunction: a.completeRuns,
		RunE: verb(&o, run, func(pos []string) error {
			o.runs = pos
			if (len(pos) > 0) == (o.invalid || o.failed) {
				return errors.New("name runs, or give --invalid or --failed; what there is: assay get runs")
			}
			return nil
		}),
	}
	f := c.Flags()
	f.BoolVar(&o.invalid, "invalid", false, "every run whose result is not valid")
	f.BoolVar(&o.failed, "failed", false, "every run that failed")
	f.StringVarP(&o.of, "experiment", "e", "", "only of this experiment, or of this benchmark of it (EXPERIMENT/BENCHMARK)")
	f.BoolVar(&o.exact, "exact", false, "send the same requests again, byte for byte")
	f.BoolVar(&o.wait, "wait", true, "wait until every run has ended")
	f.DurationVar(&o.timeout, "timeout", 0, "give up waiting after this time (0: never)")
	return c
}

func (a *app) runRerun(ctx context.Context, o rerunOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	chosen, err := a.choose(ctx, st, site, o)
	if err != nil {
		return err
	}
	revs, err := a.askAgain(st, chosen, o.exact)
	if err != nil || len(revs) == 0 {
		return err
	}
	if !o.wait {
		return a.applyOnce(ctx, st, site)
	}
	request, err := st.RequestPass()
	if err != nil {
		return err
	}
	err = a.withLoopOrController(ctx, st, site, "rerun", func(ctx context.Context) error {
		return a.follow(ctx, st, revs, request, o.timeout)
	})
	if ctx.Err() == nil {
		a.summarize(st, revs)
		a.leftAlone(st, chosen)
	}
	return err
}

// leftAlone names the runs that were asked for and not done again.
func (a *app) leftAlone(st *store.Store, chosen []view.Object) {
	s, err := view.Read(st)
	if err != nil {
		a.note("reading the status: %v", err)
		return
	}
	for _, item := range chosen {
		after, err := s.Objects("runs", view.Filter{Name: item.FullName()})
		if err == nil && len(after) == 1 && after[0].Status.(v1alpha1.RunStatus).Phase != v1alpha1.RunSuperseded {
			a.note("run/%s was not done again: the newest revision of its experiment has no run with its key", item.FullName())
		}
	}
}

// choose finds the runs that are asked for again: those that are named and may be, or all of a kind.
func (a *app) choose(ctx context.Context, st *store.Store, site v1alpha1.Site, o rerunOptions) (out []view.Object, err error) {
	experiment, benchmark, _ := strings.Cut(o.of, "/")
	var asked []getOptions
	ask := func(name string, of runOptions) {
		asked = append(asked, getOptions{refs: []view.Reference{{Kind: "runs", Name: bare(name, "runs")}}, experiment: experiment, runs: of})
	}
	for _, name := range o.runs {
		ask(name, runOptions{})
	}
	if o.failed {
		ask("", runOptions{all: true, benchmark: benchmark, phase: v1alpha1.RunFailed})
	}
	if o.invalid {
		ask("", runOptions{all: true, benchmark: benchmark, phase: v1alpha1.RunComplete, valid: "no"})
	}
	for _, ask := range asked {
		groups, err := a.objects(ctx, st, site, ask)
		if err != nil {
			return nil, err
		}
		items, name := groups[0].items, ask.refs[0].Name
		if len(items) > 1 && name != "" {
			return nil, fmt.Errorf("%d runs are called %s; write EXPERIMENT/%s", len(items), name, name)
		}
		for _, item := range items {
			if err := again(item.Status.(v1alpha1.RunStatus)); err != nil {
				return nil, err
			}
			out = append(out, item)
		}
	}
	if len(out) == 0 {
		a.note("No such run: nothing was asked. What there is: assay get runs")
	}
	return out, nil
}

// again refuses to ask for a run that does not count, or does not yet. One that was asked for before is asked for in vain,
// which is no error.
func again(r v1alpha1.RunStatus) error {
	switch {
	case r.Phase == v1alpha1.RunPending || r.Phase == v1alpha1.RunRunning:
		return fmt.Errorf("run %s is %s: wait until it has ended (assay get runs -w), or end its job first", r.ID, r.Phase)
	case r.Phase == v1alpha1.RunSuperseded && !asked(r):
		return fmt.Errorf("run %s does not count: it is %s (%s); the run that counts is another one: assay get runs", r.ID, r.Phase, r.Reason)
	}
	return nil
}

// asked reports whether a run was set aside because it was asked for again.
func asked(r v1alpha1.RunStatus) bool {
	return r.Reason == string(plan.AskedAgain) || r.Reason == string(plan.AskedExactly)
}

// askAgain writes down what is asked and prints it. It returns the experiments that have something to do.
func (a *app) askAgain(st *store.Store, chosen []view.Object, exact bool) (revs []store.Revision, err error) {
	known := map[string]bool{}
	for _, item := range chosen {
		experiment, r := item.Metadata.Experiment, item.Status.(v1alpha1.RunStatus)
		head, ok, err := st.Head(experiment)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("run %s belongs to experiment %s, which was deleted: apply its file again", r.ID, experiment)
		}
		word := "asked for again"
		if asked(r) {
			word = "was asked for again already"
		} else if news, err := st.AskAgain(plan.Rerun{Experiment: experiment, Run: r.ID, Exact: exact}); err != nil {
			return nil, err
		} else if !news {
			word = "is asked for again already"
		}
		fmt.Fprintf(a.out, "run/%s/%s %s\n", experiment, r.ID, word)
		if head.Spec.Spec.Suspend {
			a.note("Experiment %s is suspended: it is done again once the experiment goes on (suspend: false)", experiment)
		}
		if !known[experiment] {
			known[experiment] = true
			revs = append(revs, head)
		}
	}
	return revs, nil
}

// completeRuns offers the runs that have ended, for shells.
func (a *app) completeRuns(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	a.caution = look
	st, _, err := a.current()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	s, err := view.Read(st)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var out []string
	if _, err := s.EachRun(view.Filter{Limit: pageOfRuns}, func(o view.Object) error {
		if r := o.Status.(v1alpha1.RunStatus); again(r) == nil && !asked(r) {
			out = append(out, o.FullName())
		}
		return nil
	}); err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
