package main

import (
	"context"

	"github.com/spf13/cobra"
)

func controllerCmd(_ *app, run func(context.Context, noOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "controller",
		Short: "Keep reality as declared until interrupted; apply, watch and sync then hand over to it",
		Long: `controller holds the lease of the state directory and runs the loop. Exit code 5: another one holds it.
On a cluster whose login nodes allow no long-running tasks, start it inside an allocation.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&noOptions{}, run),
	}
}

func (a *app) runController(ctx context.Context, _ noOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	return a.withLoop(ctx, st, site, "controller", func(ctx context.Context, r *runner) error {
		a.note("Controlling site %s, state in %s. %s", site.Metadata.Name, st.Dir(), r.prometheusLine())
		<-ctx.Done()
		return context.Cause(ctx)
	})
}
