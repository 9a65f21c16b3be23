package main

import (
	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/view"
)

// rolloutCmd has kubectl's words for history, undo and wait.
func rolloutCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "rollout",
		Short: "Words of kubectl: rollout status is wait, rollout history is history, rollout undo is undo",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var o waitOptions
	status := &cobra.Command{
		Use:   "status EXPERIMENT",
		Short: "Wait until the newest revision of an experiment is Ready",
		Args:  args(cobra.ExactArgs(1)),
		RunE: verb(&o, a.runWait, func(pos []string) error {
			r := view.Reference{Kind: "experiments"}
			o.condition, o.status = v1alpha1.Ready, v1alpha1.True
			err := experimentOf(&r.Name)(pos)
			o.refs = []view.Reference{r}
			return err
		}),
	}
	status.Flags().DurationVar(&o.timeout, "timeout", waitLimit, "give up after this time")
	c.AddCommand(status, historyCmd(a, a.runHistory), undoCmd(a, a.runUndo))
	return c
}
