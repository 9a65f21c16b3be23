package main

import (
	"context"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1/fields"
)

// explainOptions are the arguments of `assay explain`.
type explainOptions struct {
	field     string
	recursive bool
}

// explainCmd explains fields of manifests, and what else assay can explain, one topic a command.
func explainCmd(a *app) *cobra.Command {
	var o explainOptions
	c := &cobra.Command{
		Use:   "explain FIELD | TOPIC",
		Short: "Explain a field of a manifest, or what numbers can tell",
		Long: `explain says what a field of a manifest means: its type, its default, an example, and since when it is there.

  assay explain experiment                    every field of an experiment begins here
  assay explain site                          and of a site here
  assay explain services.vllm.model           a field by its path
  assay explain gates                         or by the end of its path
  assay explain service --recursive           with everything below it`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			if len(pos) == 0 {
				return c.Help()
			}
			o.field = pos[0]
			return a.runExplain(c.Context(), o)
		},
	}
	c.Flags().BoolVarP(&o.recursive, "recursive", "r", false, "list everything below the field")
	c.AddCommand(explainPowerCmd(a.explainPower))
	return c
}

func (a *app) runExplain(_ context.Context, o explainOptions) error {
	if err := fields.Explain(a.out, o.field, o.recursive); err != nil {
		return exitError{exitUsage, err}
	}
	return nil
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
