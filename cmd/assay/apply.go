package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/source"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

func applyCmd(a *app) *cobra.Command {
	var paths []string
	var dryRun, prune, wait bool
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "apply -f FILE|FOLDER|-",
		Short: "Make reality match a manifest",
		Long: `apply reads every document of the manifest, stores each experiment as a revision, and then makes it real.
With a controller alive it hands over and follows; without one it runs the loop itself until everything is Ready and
every run has ended. Services stay up afterwards: remove them from the file, delete the experiment, or use whenDone: Stop.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			in, err := a.read(paths)
			if err != nil {
				return err
			}
			in.Origin.Source = "apply"
			if dryRun {
				_, err := a.preview(c.Context(), in)
				return err
			}
			return a.apply(c.Context(), in, prune, wait, timeout)
		},
	}
	f := c.Flags()
	f.StringSliceVarP(&paths, "filename", "f", nil, "file, folder, or - for standard input")
	f.BoolVar(&dryRun, "dry-run", false, "print what would change and stop")
	f.BoolVar(&prune, "prune", false, "allow a revision that removes everything an experiment runs")
	f.BoolVar(&wait, "wait", true, "wait until everything is Ready and every run has ended")
	f.DurationVar(&timeout, "timeout", 0, "give up waiting after this time (0: never)")
	return c
}

func (a *app) apply(ctx context.Context, in source.Input, prune, wait bool, timeout time.Duration) error {
	m, site, err := a.load(in)
	if err != nil {
		return err
	}
	st, site, err := a.open(site)
	if err != nil {
		return err
	}
	for _, s := range m.Sites {
		if err := remember(s); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "site/%s remembered\n", s.Metadata.Name)
	}
	want, err := a.accept(st, site, m, in, prune)
	if err != nil || len(want) == 0 {
		return err
	}
	if !wait {
		if _, alive, err := st.Holder(); err != nil || alive {
			return err
		}
		return a.withLoop(ctx, st, site, "apply", func(ctx context.Context, l *runner) error {
			_, err := l.Pass(ctx)
			a.say("No controller is running, so nothing is looked after from here on. Go on with: assay controller")
			return err
		})
	}
	err = a.withLoopOrController(ctx, st, site, "apply", func(ctx context.Context) error {
		return a.follow(ctx, st, want, timeout)
	})
	if ctx.Err() != nil {
		a.say("")
		a.say("What was started goes on: look with assay get services, stop with assay delete experiment %s", want[0].name)
		return err
	}
	a.results(st, want)
	return err
}

// accept stores every experiment as a revision and prints what became of it.
func (a *app) accept(st *store.Store, site v1alpha1.Site, m v1alpha1.Manifest, in source.Input, prune bool) ([]wanted, error) {
	var want []wanted
	var errs []error
	for _, e := range m.Experiments {
		e, err := secretsFrom(e, st.PutSecret)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		rev := store.Revision{Experiment: e.Metadata.Name, Prune: prune, Owner: owner(in), Origin: in.Origin, Site: site, Spec: e.Experiment}
		if err := guard(st, rev); err != nil {
			errs = append(errs, err)
			continue
		}
		got, outcome, err := st.Accept(rev)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(a.out, "experiment/%s %s\n", e.Metadata.Name, outcome)
		want = append(want, wanted{got.Experiment, got.Generation})
	}
	return want, errors.Join(errs...)
}

// owner keeps experiments applied by hand apart from those that a followed source brought: none prunes the other's.
func owner(in source.Input) string {
	if in.Origin.Source == "sync" || in.Origin.Source == "watch" {
		return in.Origin.Source + ":" + in.Origin.Path
	}
	return "apply"
}

// guard is the prune guard, before the revision is stored: a mistake here costs nothing.
func guard(st *store.Store, rev store.Revision) error {
	head, ok, err := st.Head(rev.Experiment)
	if err != nil || !ok || head.Deleting || rev.Prune {
		return err
	}
	if err := plan.Guard(serviceNames(head.Spec), serviceNames(rev.Spec)); err != nil {
		return fmt.Errorf("experiment %s was left as it is: %w", rev.Experiment, err)
	}
	return nil
}

func serviceNames(e v1alpha1.Experiment) []string {
	var out []string
	for _, s := range e.Spec.Services {
		out = append(out, s.Name)
	}
	return out
}

// results prints the runs, where things are, and what still costs something.
func (a *app) results(st *store.Store, want []wanted) {
	all, err := statuses(st, want)
	if err != nil {
		a.say("reading the status: %v", err)
		return
	}
	for _, s := range all {
		if len(s.Runs) > 0 {
			fmt.Fprintln(a.out)
			a.runTable([]v1alpha1.ExperimentStatus{s}, false)
			if head, ok, err := st.Head(s.Name); err == nil && ok && slices.ContainsFunc(head.Spec.Spec.Benchmarks, hasGates) {
				a.say("\nThe gates: assay gate %s. A report: assay report %s", s.Name, s.Name)
			}
		}
	}
	a.say("")
	for _, s := range all {
		a.cost(s)
	}
	a.say("State, results and logs: %s", st.Dir())
}

// cost says what still runs, for how long, and how to stop it.
func (a *app) cost(s v1alpha1.ExperimentStatus) {
	jobs := map[string]bool{} // services of one group share theirs
	var ends time.Time
	nodes := map[string]bool{}
	for _, v := range s.Services {
		for _, seat := range v.Seats {
			if seat.JobID == "" || len(seat.Nodes) == 0 {
				continue
			}
			jobs[seat.JobID] = true
			for _, n := range seat.Nodes {
				nodes[n] = true
			}
			if seat.Ends != nil && seat.Ends.After(ends) {
				ends = *seat.Ends
			}
		}
	}
	runs := 0
	for _, r := range s.Runs {
		if (r.Phase == v1alpha1.RunPending || r.Phase == v1alpha1.RunRunning) && !jobs[r.JobID] {
			runs++
			a.say("experiment %s: run %s still goes on, in a job of its own (%s). Stop with: assay delete experiment %s", s.Name, r.ID, dash(r.JobID), s.Name)
		}
	}
	switch {
	case len(jobs) == 0 && runs == 0:
		a.say("experiment %s: nothing is left running.", s.Name)
		return
	case len(jobs) == 0:
		return
	}
	left := ""
	if !ends.IsZero() {
		left = fmt.Sprintf(", at most %s more", short(time.Until(ends)))
	}
	a.say("experiment %s: %d job(s) on %d node(s) still up%s. Stop with: assay delete experiment %s", s.Name, len(jobs), len(nodes), left, s.Name)
}

func hasGates(b v1alpha1.Benchmark) bool { return len(b.Gates) > 0 }
