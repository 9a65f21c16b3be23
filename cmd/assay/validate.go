package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/source"
	"assay/reconciler/view"
)

// validateOptions are the arguments of `assay validate`.
type validateOptions struct{ files []string }

func validateCmd(_ *app, run func(context.Context, validateOptions) error) *cobra.Command {
	var o validateOptions
	c := &cobra.Command{
		Use:   "validate FILE|FOLDER|-...",
		Short: "Say what is wrong with manifests, without a scheduler and without a state directory",
		Long: `validate reads manifests as apply does and prints every problem on standard output, one a line: FILE:LINE:COLUMN: PATH:
what is wrong (what to write instead). A broken file does not keep the others from being checked. It knows the sites that
were applied on this machine; give the file of another one along.

Exit codes: 0 all are valid, 1 a file cannot be read, 4 a manifest is not valid.`,
		RunE: verb(&o, run, func(pos []string) error {
			if o.files = append(o.files, pos...); len(o.files) == 0 {
				return errors.New("no manifest given; type: assay validate FILE, or - for standard input")
			}
			if source.Repeated(o.files) {
				return errors.New("standard input can be read once: give - once")
			}
			return nil
		}),
	}
	c.Flags().StringSliceVarP(&o.files, "filename", "f", nil, "the same as an argument")
	return c
}

func (a *app) runValidate(ctx context.Context, o validateOptions) error {
	known, err := knownSites()
	if err != nil {
		return err
	}
	files, unread, err := source.ReadEach(ctx, o.files, a.in)
	if err != nil {
		return err
	}
	m, sound, problems, err := v1alpha1.Sound(files, func(files []v1alpha1.File) (v1alpha1.Manifest, error) {
		return a.manifest(source.Input{Files: files}, known)
	})
	if err != nil {
		return err
	}
	view.Verdict(a.out, a.err, m, sound, problems, unread)
	switch {
	case len(problems) > 0:
		return exitError{code: exitManifest}
	case len(unread) > 0:
		return exitError{code: 1}
	}
	return nil
}
