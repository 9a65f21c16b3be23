package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// getOptions are the arguments and flags of `assay get`, and of history and events, which list one kind.
type getOptions struct {
	kind, name string
	experiment string
	format     string
	watch      bool
	runs       runOptions
}

func getCmd(_ *app, run func(context.Context, getOptions) error) *cobra.Command {
	var o getOptions
	c := &cobra.Command{
		Use:       "get services|jobs|runs|experiments|nodes|listeners|revisions|events [NAME]",
		Short:     "List objects",
		Long:      "get lists objects of one kind. NAME is the object's name, or experiment/name.\n-o json prints {apiVersion, kind: List, items: [{apiVersion, kind, metadata, spec, status}]}.",
		Args:      args(cobra.RangeArgs(1, 2)),
		ValidArgs: view.Kinds,
		RunE:      verb(&o, run, o.parse),
	}
	f := c.Flags()
	f.StringVarP(&o.format, "output", "o", "", "wide, json, yaml, name, or samples (of one serving run, as CSV)")
	f.StringVarP(&o.experiment, "experiment", "e", "", "only of this experiment")
	f.BoolVarP(&o.watch, "watch", "w", false, "print again whenever something changes")
	o.runs.flags(f)
	return c
}

func (o *getOptions) parse(pos []string) error {
	var ok bool
	if o.kind, ok = view.Kind(pos[0]); !ok {
		return fmt.Errorf("no kind %q; kinds are %s", pos[0], strings.Join(view.Kinds, ", "))
	}
	if len(pos) == 2 {
		o.name = pos[1]
	}
	if o.kind != "runs" && o.runs != (runOptions{}) {
		return errors.New("--limit, --all, --benchmark, --phase, --valid and --since are for runs; type: assay get runs")
	}
	if err := o.runs.check(); err != nil {
		return err
	}
	if o.format == "samples" && (o.kind != "runs" || o.name == "") {
		return errors.New("samples are those of one run; type: assay get runs NAME -o samples")
	}
	return oneOf(o.format, "", "wide", "json", "yaml", "name", "samples")
}

func eventsCmd(_ *app, run func(context.Context, getOptions) error) *cobra.Command {
	o := getOptions{kind: "events"}
	c := &cobra.Command{
		Use: "events", Short: "List what happened and why, oldest first", Args: args(cobra.NoArgs), RunE: verb(&o, run),
	}
	c.Flags().StringVarP(&o.format, "output", "o", "", "json or yaml")
	c.Flags().StringVarP(&o.experiment, "experiment", "e", "", "only of this experiment")
	return c
}

func (a *app) runGet(ctx context.Context, o getOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	if o.watch {
		return a.watchObjects(ctx, st, site, o)
	}
	if o.kind == "runs" {
		return a.getRuns(ctx, st, site, o)
	}
	items, err := a.objects(ctx, st, site, o)
	if err != nil {
		return err
	}
	return a.showNamed(st, o, items)
}

// showNamed is showObjects, and an error when the one that was named is not there.
func (a *app) showNamed(st *store.Store, o getOptions, items []view.Object) error {
	if o.name != "" && len(items) == 0 {
		return fmt.Errorf("no %s %q; what there is: assay get %s", strings.TrimSuffix(o.kind, "s"), o.name, o.kind)
	}
	return a.showObjects(st, o, items)
}

// watchObjects prints the objects now and whenever they have changed.
func (a *app) watchObjects(ctx context.Context, st *store.Store, site v1alpha1.Site, o getOptions) error {
	reader := a.reader(st, site)
	last := ""
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		s, err := reader.Read(ctx)
		if err != nil {
			return err
		}
		items, err := s.Objects(o.kind, o.filter())
		if err != nil {
			return err
		}
		if now := view.Fingerprint(items); now != last {
			last = now
			if err := a.showObjects(st, o, items); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (o getOptions) filter() view.Filter {
	f := view.Filter{Experiment: o.experiment, Name: o.name, Runs: o.format == "json" || o.format == "yaml"}
	o.runs.narrow(&f)
	return f
}

// objects are those that the options ask for. Revisions and events are records, which do not age.
func (a *app) objects(ctx context.Context, st *store.Store, site v1alpha1.Site, o getOptions) ([]view.Object, error) {
	read := func() (view.Snapshot, error) { return a.snapshot(ctx, st, site) }
	if o.kind == "revisions" || o.kind == "events" {
		read = func() (view.Snapshot, error) { return view.Read(st) }
	}
	s, err := read()
	if err != nil {
		return nil, err
	}
	return s.Objects(o.kind, o.filter())
}

func (a *app) showObjects(st *store.Store, o getOptions, items []view.Object) error {
	switch o.format {
	case "json", "yaml":
		return a.list(o.format, items)
	case "samples":
		return a.samples(items)
	case "name":
		for _, item := range items {
			fmt.Fprintf(a.out, "%s/%s\n", strings.ToLower(item.Kind), item.FullName())
		}
		return nil
	}
	if len(items) == 0 {
		a.note("No %s. State directory: %s", o.kind, st.Dir())
		return nil
	}
	a.table(view.Table(o.kind, items, o.format == "wide", runRow))
	return nil
}
