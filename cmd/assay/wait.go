package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/view"
)

// waitOptions are the arguments and flags of `assay wait`.
type waitOptions struct {
	refs      []view.Reference
	condition string // its type; empty: until the objects are gone
	status    string // of the condition
	timeout   time.Duration
}

func waitCmd(_ *app, run func(context.Context, waitOptions) error) *cobra.Command {
	var o waitOptions
	var until string
	c := &cobra.Command{
		Use:   "wait KIND NAME... | KIND/NAME... --for=condition=TYPE[=STATUS]",
		Short: "Wait until a condition of experiments, services, benchmarks or runs holds; exit 1 when the time is over",
		RunE: verb(&o, run, func(pos []string) (err error) {
			if o.condition, o.status, err = parseFor(until); err != nil {
				return err
			}
			o.refs, err = view.Named(pos, described...)
			return err
		}),
	}
	c.Flags().StringVar(&until, "for", "", "condition=TYPE or condition=TYPE=STATUS, or delete")
	c.Flags().DurationVar(&o.timeout, "timeout", waitLimit, "give up after this time")
	return c
}

// waitLimit is how long is waited unless the user says otherwise.
const waitLimit = 5 * time.Minute

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
	left := slices.Clone(o.refs)
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("did not become so within %s", o.timeout))
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
		left = slices.DeleteFunc(left, func(r view.Reference) bool {
			met := fresh && o.met(s, r)
			if met {
				fmt.Fprintf(a.out, "%s condition met\n", r)
			}
			return met
		})
		if len(left) == 0 {
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
			return fmt.Errorf("%s: %w; look: assay describe %s", left[0], context.Cause(ctx), left[0])
		case <-time.After(every):
		}
	}
}

// met reports whether what is waited for is so.
func (o waitOptions) met(s view.Snapshot, r view.Reference) bool {
	cs, found := s.Conditions(view.Singular(r.Kind), r.Name)
	if o.condition == "" {
		return !found
	}
	return found && strings.EqualFold(v1alpha1.Find(cs, o.condition).Status, o.status)
}
