package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"assay/reconciler/view"
)

// describeOptions are the arguments of `assay describe`.
type describeOptions struct{ refs []view.Reference }

// described are the kinds of which more is known than a line.
var described = []string{"experiments", "services", "benchmarks", "runs"}

func describeCmd(_ *app, run func(context.Context, describeOptions) error) *cobra.Command {
	var o describeOptions
	return &cobra.Command{
		Use:   "describe KIND NAME... | KIND/NAME...",
		Short: "Show everything known about an experiment, service, benchmark or run, with its conditions and events",
		RunE: verb(&o, run, func(pos []string) (err error) {
			o.refs, err = view.Named(pos, described...)
			return err
		}),
	}
}

func (a *app) runDescribe(ctx context.Context, o describeOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	s, err := a.snapshot(ctx, st, site)
	if err != nil {
		return err
	}
	for i, r := range o.refs {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		found, err := s.Describe(a.out, view.Singular(r.Kind), r.Name)
		if err == nil && !found {
			err = fmt.Errorf("no %s %q; what there is: assay get %s", view.Singular(r.Kind), r.Name, r.Kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
