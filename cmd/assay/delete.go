package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/source"
	"assay/reconciler/plan"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// deleteOptions are the arguments and flags of `assay delete`.
type deleteOptions struct {
	names   []string // experiments; empty: those of files
	files   []string // manifests
	yes     bool
	wait    bool
	timeout time.Duration
}

func deleteCmd(a *app, run func(context.Context, deleteOptions) error) *cobra.Command {
	var o deleteOptions
	c := &cobra.Command{
		Use:   "delete experiment NAME... | experiment/NAME...",
		Short: "Cancel everything an experiment runs and forget it; its history, runs and logs are kept",
		Long: `delete cancels every job of an experiment and forgets it. What it measured stays: get runs --deleted, history, describe, report,
compare, gate and logs go on reading it by its name. assay undo EXPERIMENT brings it back, assay purge EXPERIMENT removes what stays.`,
		RunE: verb(&o, run, func(pos []string) error {
			if len(pos) > 0 == (len(o.files) > 0) {
				return errors.New("type: assay delete experiment/NAME, or: assay delete -f FILE")
			}
			if len(pos) == 0 {
				return nil
			}
			refs, err := view.Named(pos, "experiments")
			for _, r := range refs {
				o.names = append(o.names, r.Name)
			}
			return err
		}),
	}
	f := c.Flags()
	f.StringSliceVarP(&o.files, "filename", "f", nil, "delete the experiments of this manifest")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	f.BoolVar(&o.wait, "wait", true, "wait until every job has ended")
	f.DurationVar(&o.timeout, "timeout", 2*plan.FenceTime, "give up waiting after this time")
	return c
}

func (a *app) runDelete(ctx context.Context, o deleteOptions) error {
	st, site, names, err := a.doomed(ctx, o)
	if err != nil {
		return err
	}
	if err := a.confirm(o.yes, fmt.Sprintf("Cancel every job of %s?", strings.Join(names, ", ")), "nothing was deleted", "add --yes"); err != nil {
		return err
	}
	for _, name := range names {
		head, ok, err := st.Readable(name)
		if err == nil && !ok {
			head, err = a.leftRunning(ctx, st, site, name)
		}
		if err != nil {
			return err
		}
		site = head.Site
		head.Deleting, head.Prune = true, true
		head.Origin = source.Here("delete")
		if _, _, err := st.Accept(head); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "experiment/%s deleting\n", name)
	}
	if !o.wait {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("not everything ended within %s; what is left: assay get jobs", o.timeout))
	defer cancel()
	return a.withLoopOrController(ctx, st, site, "delete", func(ctx context.Context) error {
		return a.untilForgotten(ctx, st, names)
	})
}

// doomed names the experiments to delete.
func (a *app) doomed(ctx context.Context, o deleteOptions) (*store.Store, v1alpha1.Site, []string, error) {
	if len(o.files) == 0 {
		st, site, err := a.current()
		return st, site, o.names, err
	}
	in, err := a.read(ctx, o.files)
	if err != nil {
		return nil, v1alpha1.Site{}, nil, err
	}
	m, site, err := a.load(in)
	if err != nil {
		return nil, site, nil, err
	}
	var names []string
	for _, e := range m.Experiments {
		names = append(names, e.Metadata.Name)
	}
	st, site, err := a.open(site)
	return st, site, names, err
}

// confirm asks on the terminal unless yes was given; anything but yes is an error that begins with what did not happen, and
// without a terminal ends with what to type instead.
func (a *app) confirm(yes bool, question, undone, instead string) error {
	switch {
	case yes:
		return nil
	case !text.IsTerminal(a.in):
		return exitError{1, fmt.Errorf("%s: there is no terminal to ask on; %s", undone, instead)}
	}
	fmt.Fprint(a.err, question, " [y/N] ")
	answer, _ := bufio.NewReader(a.in).ReadString('\n')
	if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y") {
		return exitError{1, errors.New(undone)}
	}
	return nil
}

// leftRunning stands in for the head of an experiment that is not declared, but whose mark a live job carries: a job
// that came up after the deletion, or one whose records were lost. Deleting it ends such jobs.
func (a *app) leftRunning(ctx context.Context, st *store.Store, site v1alpha1.Site, name string) (store.Revision, error) {
	jobs, err := a.liveJobs(ctx, st, site)
	if err != nil {
		return store.Revision{}, err
	}
	if !slices.ContainsFunc(jobs, func(j drivers.Job) bool { return j.Tag.Seat.Experiment == name }) {
		return store.Revision{}, fmt.Errorf("no experiment %q in %s; what there is: assay get experiments", name, st.Dir())
	}
	spec := v1alpha1.Experiment{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindExperiment, Metadata: v1alpha1.Metadata{Name: name}}
	spec.Spec.Site = site.Metadata.Name
	return store.Revision{Experiment: name, Site: site, Spec: spec}, nil
}

// untilForgotten waits until the store no longer has a head for any of the names.
func (a *app) untilForgotten(ctx context.Context, st *store.Store, names []string) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for _, name := range names {
		said := false
		before, err := st.Events(name)
		if err != nil {
			return err
		}
		for {
			_, ok, err := st.Head(name)
			if err != nil {
				return err
			}
			if !ok {
				fmt.Fprintf(a.out, "experiment/%s deleted\n", name)
				a.unverified(ctx, st, name, before)
				if runs, err := st.Finished(name); err == nil && len(runs) > 0 {
					a.note("What it measured is kept: assay get runs --deleted. Remove it: assay purge %s", name)
				}
				break
			}
			if s, ok, err := st.Status(name); err == nil && ok && !said {
				c := v1alpha1.Find(s.Conditions, v1alpha1.Complete)
				if said = c.Reason == string(plan.WaitingForFence); said {
					a.note("experiment/%s: %s", name, c.Message)
				}
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-tick.C:
			}
		}
	}
	return nil
}

// unverified says what of a deleted experiment may still run. The controller writes the event of a deletion just after it.
func (a *app) unverified(ctx context.Context, st *store.Store, name string, before []store.Event) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for ; ctx.Err() == nil; time.Sleep(pollEvery) {
		events, err := st.Events(name)
		if err != nil {
			a.note("experiment/%s: %v", name, err)
			return
		}
		for _, e := range events {
			if e.Object != "experiment/"+name || len(before) > 0 && !e.Time.After(before[len(before)-1].Time) {
				continue
			}
			switch e.Reason {
			case string(plan.Unverified):
				a.note("experiment/%s: %s; %s", name, e.Message, plan.Advice(plan.Unverified))
				return
			case string(plan.Deleted):
				return
			}
		}
	}
}
