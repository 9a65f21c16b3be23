package main

import (
	"context"

	"github.com/spf13/cobra"
)

// explainCmd holds what assay can explain, one topic a command.
func explainCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "explain TOPIC",
		Short: "Explain what numbers can tell",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(explainPowerCmd(a.explainPower))
	return c
}

// powerOptions are the flags of `assay explain power`, as a user writes them.
type powerOptions struct {
	runs, deployments       int
	early                   bool
	effect, within, between float64 // percent
}

func explainPowerCmd(run func(context.Context, powerOptions) error) *cobra.Command {
	var o powerOptions
	c := &cobra.Command{
		Use:   "power",
		Short: "How often a comparison finds a true difference, and how often chance is taken for one",
		Long: `power simulates comparisons of two sides, each measured as repeats: {runs, deployments} says, with the test of assay compare:
how often a true difference of that size is called, and how often equal things are called different. Your own spreads are in
a report: the runs of one deployment vary by --within, the middles of deployments by --between.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run),
	}
	f := c.Flags()
	f.IntVar(&o.runs, "runs", 5, "runs of each deployment")
	f.IntVar(&o.deployments, "deployments", 3, "deployments of each side")
	f.BoolVar(&o.early, "early", false, "with stop: Decided")
	f.Float64Var(&o.effect, "effect", 5, "the true difference, in percent")
	f.Float64Var(&o.within, "within", 2, "standard deviation between runs of a deployment, in percent")
	f.Float64Var(&o.between, "between", 2, "standard deviation between deployments, in percent")
	return c
}
