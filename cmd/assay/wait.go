package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/view"
)

// waitOptions are the arguments and flags of `assay wait`.
type waitOptions struct {
	kind, name string
	condition  string // its type; empty: until the object is gone
	status     string // of the condition
	timeout    time.Duration
}

func waitCmd(_ *app, run func(context.Context, waitOptions) error) *cobra.Command {
	var o waitOptions
	var until string
	c := &cobra.Command{
		Use:   "wait experiment/NAME|service/NAME|benchmark/NAME|run/NAME --for=condition=TYPE[=STATUS]",
		Short: "Wait until a condition holds; exit 1 when the time is over",
		Args:  args(cobra.ExactArgs(1)),
		RunE: verb(&o, run, func(pos []string) (err error) {
			if o.condition, o.status, err = parseFor(until); err != nil {
				return err
			}
			var ok bool
			if o.kind, o.name, ok = strings.Cut(pos[0], "/"); !ok {
				return fmt.Errorf("%q names no kind; write experiment/NAME, service/NAME, benchmark/NAME or run/NAME", pos[0])
			}
			return nil
		}),
	}
	c.Flags().StringVar(&until, "for", "", "condition=TYPE or condition=TYPE=STATUS, or delete")
	c.Flags().DurationVar(&o.timeout, "timeout", 5*time.Minute, "give up after this time")
	return c
}

// observeEvery is how often a waiting command observes the world itself, when no controller does.
const observeEvery = time.Second

// parseFor reads kubectl's form. "delete" waits until the object is gone: no condition then.
func parseFor(s string) (condition, status string, err error) {
	if s == "delete" {
		return "", "", nil
	}
	rest, ok := strings.CutPrefix(s, "condition=")
	condition, status, given := strings.Cut(rest, "=")
	if !ok || condition == "" {
		return "", "", fmt.Errorf("--for=%q is not understood; write --for=condition=Ready, --for=condition=Ready=False or --for=delete", s)
	}
	if !given {
		status = v1alpha1.True
	}
	return condition, status, nil
}

func (a *app) runWait(ctx context.Context, o waitOptions) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("%s/%s did not become so within %s; look: assay describe %s %s", o.kind, o.name, o.timeout, o.kind, o.name))
	defer cancel()
	st, site, err := a.current()
	if err != nil {
		return err
	}
	reader, last := a.reader(st, site), view.Snapshot{}
	for {
		s, fresh, err := reader.Fresh(ctx)
		if err != nil {
			return err
		}
		if fresh && o.met(s) {
			fmt.Fprintf(a.out, "%s/%s condition met\n", o.kind, o.name)
			return nil
		}
		if s.Problem != "" && s.Problem != last.Problem && ctx.Err() == nil {
			a.note("%s", s.Note())
		}
		last = s
		every := pollEvery
		if s.Live {
			every = observeEvery
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(every):
		}
	}
}

// met reports whether what is waited for is so.
func (o waitOptions) met(s view.Snapshot) bool {
	cs, found := s.Conditions(o.kind, o.name)
	if o.condition == "" {
		return !found
	}
	return found && strings.EqualFold(v1alpha1.Find(cs, o.condition).Status, o.status)
}
