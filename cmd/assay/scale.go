package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"assay/drivers/site"
	"assay/drivers/source"
	"assay/reconciler/accept"
	"assay/reconciler/plan/admit"
	"assay/reconciler/view"
)

// scaleOptions are the arguments and flags of `assay scale`.
type scaleOptions struct {
	service    string // NAME or EXPERIMENT/NAME
	experiment string
	replicas   int
	timeout    time.Duration
}

func scaleCmd(_ *app, run func(context.Context, scaleOptions) error) *cobra.Command {
	var o scaleOptions
	c := &cobra.Command{
		Use:   "scale SERVICE --replicas N",
		Short: "Give a service a fixed number of replicas",
		Long: `scale stores the newest revision with another number of replicas as a new one and makes it real, as apply does. The manifest
is not changed: the next apply of it says again how many there are. SERVICE is NAME, EXPERIMENT/NAME or service/NAME.`,
		Args: args(cobra.RangeArgs(1, 2)),
		RunE: verb(&o, run, func(pos []string) error {
			if o.replicas < 0 {
				return errors.New("how many? Type: assay scale SERVICE --replicas N")
			}
			if len(pos) == 1 {
				pos = []string{"services", bare(pos[0], "services")}
			}
			refs, err := view.Named(pos, "services")
			if err == nil {
				o.service = refs[0].Name
			}
			return err
		}),
	}
	c.Flags().IntVar(&o.replicas, "replicas", -1, "how many")
	c.Flags().StringVarP(&o.experiment, "experiment", "e", "", "of this experiment")
	c.Flags().DurationVar(&o.timeout, "timeout", 0, "give up waiting after this time (0: never)")
	return c
}

func (a *app) runScale(ctx context.Context, o scaleOptions) error {
	st, s, err := a.current()
	if err != nil {
		return err
	}
	snapshot, err := view.Read(st)
	if err != nil {
		return err
	}
	item, err := snapshot.One("services", view.Filter{Experiment: o.experiment, Name: o.service})
	if err != nil {
		return err
	}
	m := item.Metadata
	rev, err := accept.Change(st, m.Experiment, source.Here("scale"), accept.Scale(m.Name, o.replicas, admit.Rule(site.Place(s).User, time.Now())))
	if err != nil {
		return err
	}
	return a.realise(ctx, st, s, "scale", []accept.Accepted{rev}, o.timeout)
}
