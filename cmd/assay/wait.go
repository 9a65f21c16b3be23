package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
)

func waitCmd(a *app) *cobra.Command {
	var cond string
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "wait experiment/NAME|service/NAME|benchmark/NAME|run/NAME --for=condition=TYPE[=STATUS]",
		Short: "Wait until a condition holds; exit 1 when the time is over",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			typ, status, err := parseFor(cond)
			if err != nil {
				return exitError{exitUsage, err}
			}
			kind, name, ok := strings.Cut(pos[0], "/")
			if !ok {
				return exitError{exitUsage, fmt.Errorf("%q names no kind; write experiment/NAME, service/NAME, benchmark/NAME or run/NAME", pos[0])}
			}
			return a.wait(c.Context(), kind, name, typ, status, timeout)
		},
	}
	c.Flags().StringVar(&cond, "for", "", "condition=TYPE or condition=TYPE=STATUS, or delete")
	c.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "give up after this time")
	return c
}

// parseFor reads kubectl's form. "delete" waits until the object is gone.
func parseFor(s string) (typ, status string, err error) {
	if s == "delete" {
		return "", "", nil
	}
	rest, ok := strings.CutPrefix(s, "condition=")
	typ, status, given := strings.Cut(rest, "=")
	if !ok || typ == "" {
		return "", "", fmt.Errorf("--for=%q is not understood; write --for=condition=Ready, --for=condition=Ready=False or --for=delete", s)
	}
	if !given {
		status = v1alpha1.True
	}
	return typ, status, nil
}

func (a *app) wait(ctx context.Context, kind, name, typ, status string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("%s/%s did not become so within %s; look: assay describe %s %s", kind, name, timeout, kind, name))
	defer cancel()
	st, _, err := a.current()
	if err != nil {
		return err
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		w, err := readWorld(st)
		if err != nil {
			return err
		}
		cs, found := w.conditionsOf(kind, name)
		c := v1alpha1.Find(cs, typ)
		if typ == "" && !found || typ != "" && found && strings.EqualFold(c.Status, status) {
			fmt.Fprintf(a.out, "%s/%s condition met\n", kind, name)
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// conditionsOf finds an object by kind and name. The newest run of a name wins.
func (w world) conditionsOf(kind, name string) (cs []v1alpha1.Condition, found bool) {
	for _, s := range w.statuses {
		match := func(n string) bool { return name == n || name == s.Name+"/"+n }
		switch kind {
		case "experiment":
			if name == s.Name && s.Generation >= w.heads[s.Name].Generation {
				return s.Conditions, true
			}
		case "service":
			for _, v := range s.Services {
				if match(v.Name) {
					cs, found = v.Conditions, true
				}
			}
		case "benchmark":
			for _, b := range s.Benchmarks {
				if match(b.Name) {
					cs, found = b.Conditions, true
				}
			}
		case "run":
			for _, r := range s.Runs {
				if match(r.ID) {
					cs, found = r.Conditions, true
				}
			}
		}
	}
	return cs, found
}
