package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/site"
	"assay/drivers/source"
	"assay/reconciler/accept"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// applyOptions are the flags of `assay apply`.
type applyOptions struct {
	files       []string
	dryRun      bool
	prune, wait bool
	keepGoing   bool
	timeout     time.Duration
}

func applyCmd(_ *app, run func(context.Context, applyOptions) error) *cobra.Command {
	var o applyOptions
	c := &cobra.Command{
		Use:   "apply -f FILE|FOLDER|-",
		Short: "Make reality match a manifest",
		Long: `apply reads every document of the manifest, stores each experiment as a revision, and then makes it real.
It observes everything afresh, also when the manifest is unchanged: what has ended meanwhile comes back. With a
controller alive that one does the work, and apply follows it; without one apply runs the loop itself until everything
is Ready and every run has ended. Services stay up afterwards: remove them from the file, delete the experiment, or use whenDone: Stop.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run),
	}
	f := c.Flags()
	f.StringSliceVarP(&o.files, "filename", "f", nil, "file, folder, or - for standard input")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would change and stop")
	f.BoolVar(&o.prune, "prune", false, "allow a revision that removes everything an experiment runs")
	f.BoolVar(&o.keepGoing, "keep-going", false, "apply the files that are valid also when others are not; exit 4 then")
	f.BoolVar(&o.wait, "wait", true, "wait until everything is Ready and every run has ended")
	f.DurationVar(&o.timeout, "timeout", 0, "give up waiting after this time (0: never)")
	return c
}

func (a *app) runApply(ctx context.Context, o applyOptions) error {
	in, err := a.read(ctx, o.files)
	if err != nil {
		return err
	}
	in.Origin.Source = "apply"
	broken := false
	if o.keepGoing {
		if in.Files, broken, err = a.soundFiles(in); err != nil {
			return err
		}
	}
	switch {
	case broken && len(in.Files) == 0:
	case o.dryRun:
		_, err = a.preview(ctx, in, "")
	default:
		err = a.apply(ctx, in, o)
	}
	if err == nil && broken {
		return exitError{code: exitManifest}
	}
	return err
}

// soundFiles are the files of a manifest without those that are not valid; what is wrong with these is printed.
func (a *app) soundFiles(in source.Input) (sound []v1alpha1.File, broken bool, err error) {
	known, err := knownSites()
	if err != nil {
		return nil, false, err
	}
	_, sound, problems, err := v1alpha1.Sound(in.Files, func(files []v1alpha1.File) (v1alpha1.Manifest, error) {
		in.Files = files
		return a.manifest(in, known)
	})
	for _, p := range problems {
		a.note("%s", p)
	}
	return sound, len(problems) > 0, err
}

// apply makes what a source delivered real.
func (a *app) apply(ctx context.Context, in source.Input, o applyOptions) error {
	m, st, s, err := a.loadAndOpen(ctx, in)
	if err != nil {
		return err
	}
	for _, m := range m.Sites {
		if err := site.Remember(m); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "site/%s remembered\n", m.Metadata.Name)
	}
	revs, err := a.accept(a.batch(st, s, in.Origin, o.prune), m)
	if err != nil || len(revs) == 0 {
		return err
	}
	if !o.wait {
		return a.applyOnce(ctx, st, s)
	}
	request, err := st.RequestPass()
	if err != nil {
		return err
	}
	err = a.withLoopOrController(ctx, st, s, "apply", func(ctx context.Context) error {
		return a.follow(ctx, st, revs, request, o.timeout)
	})
	if ctx.Err() != nil {
		return err
	}
	a.summarize(st, revs)
	return err
}

// batch takes experiments for a store.
func (a *app) batch(st *store.Store, s v1alpha1.Site, from drivers.Origin, prune bool) accept.Batch {
	return accept.Batch{Store: st, Site: s, Origin: from, Prune: prune, Secrets: a.secrets()}
}

// accept stores every experiment of a manifest as a revision and prints the outcome.
func (a *app) accept(b accept.Batch, m v1alpha1.Manifest) ([]store.Revision, error) {
	if a.far != nil {
		if err := a.far.FetchAll(m); err != nil {
			return nil, err
		}
	}
	accepted, err := b.Accept(m.Experiments)
	var revs []store.Revision
	for _, r := range accepted {
		fmt.Fprintf(a.out, "experiment/%s %s\n", r.Experiment, r.Outcome)
		revs = append(revs, r.Revision)
	}
	return revs, err
}

// applyOnce makes one pass, or says which controller makes it.
func (a *app) applyOnce(ctx context.Context, st *store.Store, s v1alpha1.Site) error {
	err := a.withLoop(ctx, st, s, "apply", func(ctx context.Context, l *runner) error {
		_, err := l.Pass(ctx)
		if err == nil {
			err = l.Finish(ctx)
		}
		a.note("No controller is running, so nothing is looked after from here on. Go on with: assay controller")
		return err
	})
	held, ok := errors.AsType[*store.HeldError](err)
	if !ok {
		return err
	}
	if _, err := st.RequestPass(); err != nil {
		return err
	}
	a.note("%s (pid %d on %s) holds the lease and does the work. Look: assay get services", held.Holder.What, held.Holder.PID, held.Holder.Host)
	return nil
}

// summarize prints the runs, where things are, and what still costs something.
func (a *app) summarize(st *store.Store, revs []store.Revision) {
	all, err := view.StatusesOf(st, revs, 0)
	if err != nil {
		a.note("reading the status: %v", err)
		return
	}
	for _, e := range all {
		if len(e.Runs) == 0 {
			continue
		}
		fmt.Fprintln(a.out)
		a.runTable([]v1alpha1.ExperimentStatus{e}, false)
		if head, ok, err := st.Head(e.Name); err == nil && ok && slices.ContainsFunc(head.Spec.Spec.Benchmarks, hasGates) {
			a.note("\nThe gates: assay gate %s. A report: assay report %s", e.Name, e.Name)
		}
	}
	a.note("")
	for _, e := range all {
		for _, line := range view.Running(e) {
			a.note("%s", line)
		}
	}
	a.note("State, results and logs: %s", st.Dir())
}

func hasGates(b v1alpha1.Benchmark) bool { return len(b.Gates) > 0 }
