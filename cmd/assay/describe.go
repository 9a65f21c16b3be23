package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// describeOptions are the arguments of `assay describe`.
type describeOptions struct{ kind, name string }

func describeCmd(_ *app, run func(context.Context, describeOptions) error) *cobra.Command {
	var o describeOptions
	return &cobra.Command{
		Use:   "describe experiment|service|benchmark|run NAME",
		Short: "Show everything known about an object, with its conditions and events",
		Args:  args(cobra.ExactArgs(2)),
		RunE: verb(&o, run, func(pos []string) error {
			o.kind, o.name = pos[0], pos[1]
			return nil
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
	found, err := s.Describe(a.out, o.kind, o.name)
	if err == nil && !found {
		err = fmt.Errorf("no %s %q; what there is: assay get services, assay get runs", o.kind, o.name)
	}
	return err
}
