package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"assay/drivers/source"
	"assay/reconciler/accept"
)

// suspendOptions are the arguments and flags of `assay suspend` and `assay resume`.
type suspendOptions struct {
	experiments []string
	suspend     bool
	wait        bool
	timeout     time.Duration
}

func suspendCmd(_ *app, run func(context.Context, suspendOptions) error) *cobra.Command {
	return suspending(run, true, &cobra.Command{
		Use:   "suspend EXPERIMENT...",
		Short: "End the jobs of an experiment and keep all else: what it declares, its history and its runs",
		Long: `suspend stores the newest revision with suspend: true as a new one and makes it real, as apply does. assay resume takes it back.
The manifest is not changed: the next apply of it says again whether the experiment is suspended.`,
	})
}

func resumeCmd(_ *app, run func(context.Context, suspendOptions) error) *cobra.Command {
	return suspending(run, false, &cobra.Command{Use: "resume EXPERIMENT...", Short: "Make a suspended experiment real again"})
}

func suspending(run func(context.Context, suspendOptions) error, suspend bool, c *cobra.Command) *cobra.Command {
	o := suspendOptions{suspend: suspend}
	c.Args = args(cobra.MinimumNArgs(1))
	c.RunE = verb(&o, run, func(pos []string) error {
		o.experiments = make([]string, len(pos))
		for i := range pos {
			if err := experimentOf(&o.experiments[i])(pos[i:]); err != nil {
				return err
			}
		}
		return nil
	})
	c.Flags().BoolVar(&o.wait, "wait", true, "wait until it is real")
	c.Flags().DurationVar(&o.timeout, "timeout", 0, "give up waiting after this time (0: never)")
	return c
}

func (a *app) runSuspend(ctx context.Context, o suspendOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	for _, name := range o.experiments { // all or none
		if _, ok, err := st.Readable(name); err != nil || !ok {
			return cmp.Or(err, fmt.Errorf("no experiment %q; what there is: assay get experiments", name))
		}
	}
	var all []accept.Accepted
	for _, name := range o.experiments {
		rev, err := accept.Change(st, name, source.Here(map[bool]string{true: "suspend", false: "resume"}[o.suspend]), accept.Suspend(o.suspend))
		if err != nil {
			return err
		}
		all = append(all, rev)
	}
	if !o.wait {
		return a.applyOnce(ctx, st, site)
	}
	return a.realise(ctx, st, site, "suspend", all, o.timeout)
}
