package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/source"
	"assay/reconciler/accept"
	"assay/reconciler/edit"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// editOptions are the arguments and flags of `assay edit`.
type editOptions struct {
	kind, name  string
	prune, wait bool
	timeout     time.Duration
}

func editCmd(_ *app, run func(context.Context, editOptions) error) *cobra.Command {
	var o editOptions
	c := &cobra.Command{
		Use:   "edit EXPERIMENT | KIND/NAME",
		Short: "Change what is stored of an experiment in an editor, and apply it",
		Long: `edit opens the newest revision of an experiment as a manifest in the editor that VISUAL or EDITOR names (default: vi). What is
saved is validated, and opened again with its mistakes on top until it is right; then the plan is printed and applied, as
apply does. Saving it unchanged or empty cancels. KIND is experiment, service or benchmark; of the latter two their
experiment is opened.

The file that was applied is not changed. What a followed folder or repository brings is edited there, and refused here.
When somebody else changes the experiment meanwhile nothing is stored, and your text is kept.`,
		Args: args(cobra.RangeArgs(1, 2)),
		RunE: verb(&o, run, func(pos []string) error {
			if _, err := view.References(pos); len(pos) == 1 && err != nil {
				pos = []string{"experiment", pos[0]}
			}
			refs, err := view.Named(pos, "experiments", "services", "benchmarks")
			if err == nil {
				o.kind, o.name = refs[0].Kind, refs[0].Name
			}
			return err
		}),
	}
	f := c.Flags()
	f.BoolVar(&o.prune, "prune", false, "allow an edit that removes everything the experiment runs")
	f.BoolVar(&o.wait, "wait", true, "wait until everything is Ready and every run has ended")
	f.DurationVar(&o.timeout, "timeout", 0, "give up waiting after this time (0: never)")
	return c
}

func (a *app) runEdit(ctx context.Context, o editOptions) error {
	if a.far != nil {
		return exitError{exitUsage, errors.New("an editor is opened on the machine on which it is typed; there, or here: assay get experiment NAME -o yaml, an editor, assay apply -f FILE")}
	}
	st, site, err := a.current()
	if err != nil {
		return err
	}
	name, err := experimentWith(st, o.kind, o.name)
	if err != nil {
		return err
	}
	head, err := accept.Editable(st, name)
	if err != nil {
		return err
	}
	was, err := edit.Text(head)
	if err != nil {
		return err
	}
	var m v1alpha1.Manifest
	session := &edit.Session{Name: name + ".yaml", Header: edit.Header(head), Text: was, Open: edit.Editor{In: a.in, Out: text.Raw(a.out), Err: text.Raw(a.err)}.Open,
		Check: func(b []byte) (err error) { m, err = a.edited(head, b); return err }}
	defer session.Close()
	_, changed, err := session.Run(ctx)
	switch {
	case err != nil:
		return cmp.Or(ctx.Err(), err)
	case !changed:
		a.note("Edit cancelled, no changes made.")
		return nil
	}
	b := a.batch(st, site, source.Here("edit"), o.prune)
	b.Secrets = accept.Keeping(head, b.Secrets)
	if _, err = a.showPlan(ctx, b, m, ""); err != nil {
		return fmt.Errorf("%w; what you saved is kept in %s", err, session.Keep())
	}
	rev, err := b.Replace(head, m.Experiments[0])
	if err != nil {
		return fmt.Errorf("%w; what you saved is kept in %s", err, session.Keep())
	}
	if !o.wait {
		fmt.Fprintf(a.out, "experiment/%s %s\n", name, rev.Outcome)
		return a.applyOnce(ctx, st, site)
	}
	return a.realise(ctx, st, site, "edit", []accept.Accepted{rev}, o.timeout)
}

// edited is a manifest that holds the experiment that was opened, and nothing else.
func (a *app) edited(head store.Revision, b []byte) (v1alpha1.Manifest, error) {
	known, err := knownSites()
	if err != nil {
		return v1alpha1.Manifest{}, err
	}
	in := source.Input{Files: []v1alpha1.File{{Name: head.Experiment + ".yaml", Data: b}}, Origin: source.Here("edit")}
	m, err := a.manifest(in, known)
	if err == nil {
		err = edit.Same(head, m)
	}
	return m, err
}

// experimentWith is the experiment of that name, or the only one with a service or benchmark of that name.
func experimentWith(st *store.Store, kind, name string) (string, error) {
	if kind == "experiments" {
		return name, nil
	}
	s, err := view.Read(st)
	if err != nil {
		return "", err
	}
	item, err := s.One(kind, view.Filter{Name: name})
	return item.Metadata.Experiment, err
}
