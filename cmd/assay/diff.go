package main

import (
	"fmt"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
)

func diffCmd(a *app) *cobra.Command {
	var paths []string
	c := &cobra.Command{
		Use:   "diff -f FILE|FOLDER|-",
		Short: "Compare a manifest with the newest revision; exit 0 same, 1 different, 2 error",
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			different, err := a.diff(paths)
			switch {
			case err != nil:
				return diffError(err)
			case different:
				return exitError{code: 1}
			}
			return nil
		},
	}
	c.Flags().StringSliceVarP(&paths, "filename", "f", nil, "file, folder, or - for standard input")
	return c
}

// diffError keeps 1 for "different": every error of diff exits above it.
func diffError(err error) error {
	if e, ok := err.(exitError); ok {
		return e
	}
	return exitError{exitUsage, err}
}

func (a *app) diff(paths []string) (bool, error) {
	in, err := a.read(paths)
	if err != nil {
		return false, err
	}
	m, site, err := a.load(in)
	if err != nil {
		return false, err
	}
	st, _, err := a.open(site)
	if err != nil {
		return false, err
	}
	different := false
	for _, e := range m.Experiments {
		name := e.Metadata.Name
		head, ok, err := st.Head(name)
		if err != nil {
			return false, err
		}
		var before []byte
		from := "nothing"
		if ok && !head.Deleting {
			from = fmt.Sprintf("%s (revision %d)", name, head.Generation)
			if before, err = v1alpha1.Encode(head.Spec); err != nil {
				return false, err
			}
		}
		if e, err = secretsFrom(e, st.Digest); err != nil {
			return false, err
		}
		after, err := v1alpha1.Encode(e.Experiment)
		if err != nil {
			return false, err
		}
		if d := diff.Diff(from, before, name+" (manifest)", after); len(d) > 0 {
			different = true
			if _, err := a.out.Write(d); err != nil {
				return false, err
			}
		}
	}
	return different, nil
}
