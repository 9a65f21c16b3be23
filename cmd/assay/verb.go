package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"assay/reconciler/view"
)

// noOptions are those of a verb that has no arguments and no flags.
type noOptions struct{}

// verb is the RunE of a command. Flags write to o; parse, when it is given, adds the positional arguments and refuses what
// makes no sense together, which counts as usage; run gets the result.
func verb[O any](o *O, run func(context.Context, O) error, parse ...func(pos []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, pos []string) error {
		for _, p := range parse {
			if err := p(pos); err != nil {
				return exitError{exitUsage, err}
			}
		}
		return run(c.Context(), *o)
	}
}

// first makes the only positional argument an option.
func first(to *string) func(pos []string) error {
	return func(pos []string) error {
		*to = pos[0]
		return nil
	}
}

// experimentOf is first for the name of an experiment, which can be written experiment/NAME.
func experimentOf(to *string) func(pos []string) error {
	return func(pos []string) error {
		*to = pos[0]
		if word, name, ok := strings.Cut(pos[0], "/"); ok {
			kind, err := view.Kind(word)
			if err != nil || kind != "experiments" {
				return fmt.Errorf("%q is no experiment; write NAME or experiment/NAME", pos[0])
			}
			*to = name
		}
		return nil
	}
}

// bare is a name without the kind before it, where that is one of these: EXPERIMENT/NAME stays as it is.
func bare(typed string, kinds ...string) string {
	word, name, slash := strings.Cut(typed, "/")
	if kind, err := view.Kind(word); slash && err == nil && slices.Contains(kinds, kind) {
		return name
	}
	return typed
}

// args wraps a check of positional arguments so that its error counts as usage.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, a []string) error {
		if err := check(c, a); err != nil {
			return exitError{exitUsage, fmt.Errorf("%w; type: %s --help", err, c.CommandPath())}
		}
		return nil
	}
}
