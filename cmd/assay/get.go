package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

	"assay/api/v1alpha1"
	"assay/drivers/site"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// getOptions are the arguments and flags of `assay get`, and of history and events, which list one kind.
type getOptions struct {
	refs       []view.Reference
	experiment string
	selector   string
	format     string
	watch      bool
	deleted    bool // of deleted experiments instead
	runs       runOptions
}

func getCmd(_ *app, run func(context.Context, getOptions) error) *cobra.Command {
	var o getOptions
	c := &cobra.Command{
		Use:   "get KIND [NAME...] | KIND/NAME...",
		Short: "List objects",
		Long: "get lists objects. KIND is one or more, as services,jobs, of\n  " + strings.Join(view.Kinds, " ") + "\n" + `a singular or a short name of it (svc, exp, bench, no, rev, ev), or all. NAME is the object's name, or EXPERIMENT/NAME.
-o json prints {apiVersion, kind: List, items: [{apiVersion, kind, metadata, spec, status}]}.
-o jsonpath=TEMPLATE fills that list into the template, or the object itself when one is named, as kubectl does.
-l takes labels of experiments, as team=x,stage!=test, and lists what belongs to those.`,
		RunE: verb(&o, run, o.parse),
	}
	f := c.Flags()
	f.StringVarP(&o.format, "output", "o", "", "wide, json, yaml, name, tsv, jsonpath=TEMPLATE, or samples (of one serving run, as CSV)")
	f.StringVarP(&o.experiment, "experiment", "e", "", "only of this experiment")
	f.StringVarP(&o.selector, "selector", "l", "", "only of experiments with these labels")
	f.BoolVarP(&o.watch, "watch", "w", false, "print again whenever something changes")
	f.BoolVar(&o.deleted, "deleted", false, "only of experiments that were deleted: what they measured is kept until assay purge")
	o.runs.flags(f)
	return c
}

func (o *getOptions) parse(pos []string) (err error) {
	if o.refs, err = view.References(pos); err != nil {
		return err
	}
	if !o.has("runs") && o.runs != (runOptions{}) {
		return errors.New("--limit, --all, --benchmark, --phase, --valid and --since are for runs; type: assay get runs")
	}
	if err := o.runs.check(); err != nil {
		return err
	}
	if o.deleted && o.watch {
		return errors.New("--deleted and --watch exclude each other: nothing changes of what is deleted")
	}
	for _, r := range o.refs {
		if o.deleted && !slices.Contains(view.KeptKinds, r.Kind) {
			return fmt.Errorf("nothing stays of the %s of a deleted experiment; --deleted is for %s", r.Kind, strings.Join(view.KeptKinds, ", "))
		}
	}
	if _, err := labels.Parse(o.selector); err != nil {
		return fmt.Errorf("--selector=%q is not understood: %w", o.selector, err)
	}
	if one, ok := o.one(); o.format == "samples" && (!ok || one.Kind != "runs") {
		return errors.New("samples are those of one run; type: assay get runs NAME -o samples")
	}
	if template, ok := strings.CutPrefix(o.format, "jsonpath="); ok {
		return view.CheckJSONPath(template)
	}
	return oneOf(o.format, "", "wide", "json", "yaml", "name", "tsv", "samples", "jsonpath=TEMPLATE")
}

// has reports whether objects of a kind are asked for.
func (o getOptions) has(kind string) bool {
	return slices.ContainsFunc(o.refs, func(r view.Reference) bool { return r.Kind == kind })
}

// one is the only object that is asked for.
func (o getOptions) one() (view.Reference, bool) {
	if len(o.refs) == 1 && o.refs[0].Name != "" {
		return o.refs[0], true
	}
	return view.Reference{}, false
}

func eventsCmd(_ *app, run func(context.Context, getOptions) error) *cobra.Command {
	o := getOptions{refs: []view.Reference{{Kind: "events"}}}
	c := &cobra.Command{
		Use: "events", Short: "List what happened and why, oldest first", Args: args(cobra.NoArgs), RunE: verb(&o, run, func([]string) error { return o.parse([]string{"events"}) }),
	}
	c.Flags().StringVarP(&o.format, "output", "o", "", "json, yaml or tsv")
	c.Flags().StringVarP(&o.experiment, "experiment", "e", "", "only of this experiment")
	c.Flags().StringVarP(&o.selector, "selector", "l", "", "only of experiments with these labels")
	c.Flags().BoolVarP(&o.watch, "watch", "w", false, "print again whenever something happens")
	c.Flags().BoolVar(&o.deleted, "deleted", false, "only of experiments that were deleted")
	return c
}

func (a *app) runGet(ctx context.Context, o getOptions) error {
	if len(o.refs) == 1 && o.has("sites") && !o.watch { // they need no state directory
		groups, err := a.groups(view.Snapshot{}, o)
		if err != nil {
			return err
		}
		return a.showObjects(nil, o, groups)
	}
	st, site, err := a.current()
	if err != nil {
		return err
	}
	if o.watch {
		return a.watchObjects(ctx, st, site, o)
	}
	if len(o.refs) == 1 && o.has("runs") {
		return a.getRuns(ctx, st, site, o)
	}
	groups, err := a.objects(ctx, st, site, o)
	if err != nil {
		return err
	}
	return a.showObjects(st, o, groups)
}

// group are the objects of one kind that were asked for.
type group struct {
	kind  string
	items []view.Object
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
		groups, err := a.groups(s, o)
		if err != nil {
			return err
		}
		now := ""
		for _, g := range groups {
			now += view.Fingerprint(g.items)
		}
		if now != last {
			last = now
			if err := a.showObjects(st, o, groups); err != nil {
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

func (o getOptions) filter(r view.Reference) view.Filter {
	f := view.Filter{Experiment: o.experiment, Name: r.Name, Runs: o.format == "json" || o.format == "yaml"}
	f.Labels, _ = labels.Parse(o.selector) // parse has done so
	o.runs.narrow(&f)
	return f
}

// objects are those that the options ask for. Revisions and events are records, which do not age, and a site says of itself what it is.
func (a *app) objects(ctx context.Context, st *store.Store, site v1alpha1.Site, o getOptions) ([]group, error) {
	read := func() (view.Snapshot, error) { return view.Read(st) }
	if o.deleted {
		s, err := view.Deleted(st)
		if err != nil {
			return nil, err
		}
		return a.groups(s, o)
	}
	for _, r := range o.refs {
		if r.Kind != "revisions" && r.Kind != "events" && r.Kind != "sites" {
			read = func() (view.Snapshot, error) { return a.snapshot(ctx, st, site) }
		}
	}
	s, err := read()
	if err != nil {
		return nil, err
	}
	return a.groups(s, o)
}

// groups are the objects of a snapshot that the options ask for, by kind; one that is named and is not there is an error.
func (a *app) groups(s view.Snapshot, o getOptions) (out []group, err error) {
	for _, r := range o.refs {
		var items []view.Object
		if r.Kind == "sites" {
			items, err = a.sites(r.Name)
		} else {
			items, err = s.Objects(r.Kind, o.filter(r))
		}
		switch {
		case err != nil:
			return nil, err
		case r.Name != "" && len(items) == 0 && !o.watch:
			return nil, fmt.Errorf("no %s %q; what there is: assay get %s", view.Singular(r.Kind), r.Name, r.Kind)
		}
		if n := len(out); n > 0 && out[n-1].kind == r.Kind {
			out[n-1].items = append(out[n-1].items, items...)
		} else {
			out = append(out, group{r.Kind, items})
		}
	}
	return out, nil
}

// sites are those that are known, or the one of a name.
func (a *app) sites(name string) (out []view.Object, err error) {
	known, err := knownSites()
	if err != nil {
		return nil, err
	}
	for _, n := range slices.Sorted(maps.Keys(known)) {
		s, err := site.Complete(known[n], "")
		if err != nil {
			return nil, err
		}
		if name == "" || name == n {
			out = append(out, view.NewSite(s, n == cmp.Or(a.siteName, site.Default(known))))
		}
	}
	return out, nil
}

func (a *app) showObjects(st *store.Store, o getOptions, groups []group) error {
	var items []view.Object
	for _, g := range groups {
		items = append(items, g.items...)
	}
	template, isPath := strings.CutPrefix(o.format, "jsonpath=")
	switch {
	case isPath:
		var v any = view.NewList(items)
		if _, ok := o.one(); ok && len(items) == 1 {
			v = items[0]
		}
		return view.JSONPath(a.out, template, v)
	case o.format == "json", o.format == "yaml":
		return a.list(o.format, items)
	case o.format == "samples":
		return a.samples(items)
	case o.format == "name":
		for _, item := range items {
			fmt.Fprintf(a.out, "%s/%s\n", strings.ToLower(item.Kind), item.FullName())
		}
		return nil
	}
	if len(items) == 0 {
		a.note("No %s. State directory: %s", groups[0].kind, st.Dir())
		return nil
	}
	for i, g := range groups {
		if len(g.items) == 0 {
			continue
		}
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		header, rows := view.Table(g.kind, g.items, o.format == "wide", runRow)
		if o.format == "tsv" {
			text.TSV(a.out, header, rows)
		} else {
			a.table(header, rows)
		}
	}
	return nil
}
