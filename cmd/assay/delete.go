package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/drivers/source"
	"assay/reconciler/store"
)

func deleteCmd(a *app) *cobra.Command {
	var yes, wait bool
	var paths []string
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "delete experiment NAME...",
		Short: "Cancel everything an experiment runs and forget it; its history, runs and logs are kept",
		Args:  args(cobra.ArbitraryArgs),
		RunE: func(c *cobra.Command, pos []string) error {
			st, names, err := a.doomed(pos, paths)
			if err != nil {
				return err
			}
			if !yes && isTerminal(a.in) && !a.confirm(names) {
				return exitError{1, fmt.Errorf("nothing was deleted")}
			}
			return a.delete(c.Context(), st, names, wait, timeout)
		},
	}
	f := c.Flags()
	f.StringSliceVarP(&paths, "filename", "f", nil, "delete the experiments of this manifest")
	f.BoolVarP(&yes, "yes", "y", false, "do not ask")
	f.BoolVar(&wait, "wait", true, "wait until every job has ended")
	f.DurationVar(&timeout, "timeout", 5*time.Minute, "give up waiting after this time")
	return c
}

// doomed names the experiments to delete, by argument or by manifest.
func (a *app) doomed(pos, paths []string) (*store.Store, []string, error) {
	if len(paths) > 0 && len(pos) == 0 {
		in, err := a.read(paths)
		if err != nil {
			return nil, nil, err
		}
		m, site, err := a.load(in)
		if err != nil {
			return nil, nil, err
		}
		var names []string
		for _, e := range m.Experiments {
			names = append(names, e.Metadata.Name)
		}
		st, _, err := a.open(site)
		return st, names, err
	}
	if len(pos) < 2 || kinds[pos[0]] != "experiments" || len(paths) > 0 {
		return nil, nil, exitError{exitUsage, fmt.Errorf("type: assay delete experiment NAME, or: assay delete -f FILE")}
	}
	st, _, err := a.current()
	return st, pos[1:], err
}

func (a *app) confirm(names []string) bool {
	fmt.Fprintf(a.err, "Cancel every job of %s? [y/N] ", strings.Join(names, ", "))
	answer, _ := bufio.NewReader(a.in).ReadString('\n')
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y")
}

func (a *app) delete(ctx context.Context, st *store.Store, names []string, wait bool, timeout time.Duration) error {
	var site store.Revision
	for _, name := range names {
		head, ok, err := st.Head(name)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("no experiment %q in %s; what there is: assay get experiments", name, st.Dir())
		}
		site = head
		head.Deleting, head.Prune = true, true
		head.Origin = source.Here("delete")
		if _, _, err := st.Accept(head); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "experiment/%s deleting\n", name)
	}
	if !wait {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not everything ended within %s; what is left: assay get jobs", timeout))
	defer cancel()
	return a.withLoopOrController(ctx, st, site.Site, "delete", func(ctx context.Context) error {
		return a.untilForgotten(ctx, st, names)
	})
}

// untilForgotten waits until the store no longer has a head for any of the names.
func (a *app) untilForgotten(ctx context.Context, st *store.Store, names []string) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for _, name := range names {
		for {
			_, ok, err := st.Head(name)
			if err != nil {
				return err
			}
			if !ok {
				fmt.Fprintf(a.out, "experiment/%s deleted\n", name)
				break
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-tick.C:
			}
		}
	}
	return nil
}
