package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// diffOptions are the flags of `assay diff`.
type diffOptions struct{ files []string }

func diffCmd(_ *app, run func(context.Context, diffOptions) error) *cobra.Command {
	var o diffOptions
	c := &cobra.Command{
		Use:   "diff -f FILE|FOLDER|-",
		Short: "Compare a manifest with the newest revision; exit 0 same, 1 different, 2 error",
		Args:  args(cobra.NoArgs),
		RunE:  verb(&o, run),
	}
	c.Flags().StringSliceVarP(&o.files, "filename", "f", nil, "file, folder, or - for standard input")
	return c
}

// runDiff keeps 1 for "different": every error of diff exits above it.
func (a *app) runDiff(ctx context.Context, o diffOptions) error {
	different, err := a.diff(ctx, o.files)
	if err == nil && different {
		return exitError{code: 1}
	}
	if _, ok := errors.AsType[exitError](err); err != nil && !ok {
		return exitError{exitUsage, err}
	}
	return err
}

func (a *app) diff(ctx context.Context, files []string) (different bool, err error) {
	in, err := a.read(ctx, files)
	if err != nil {
		return false, err
	}
	m, st, s, err := a.loadAndOpen(ctx, in)
	if err != nil {
		return false, err
	}
	revs, err := a.batch(st, s, in.Origin, false).Preview(m.Experiments)
	if err != nil {
		return false, err
	}
	for _, rev := range revs {
		d, err := diffHead(st, rev)
		if err != nil {
			return false, err
		}
		different = different || len(d) > 0
		if _, err := a.out.Write(d); err != nil {
			return false, err
		}
	}
	return different, nil
}

// diffHead compares a revision with the newest one of its experiment; empty when they are the same.
func diffHead(st *store.Store, rev store.Revision) ([]byte, error) {
	head, ok, err := st.Readable(rev.Experiment)
	if err != nil {
		return nil, err
	}
	var before []byte
	from := "nothing"
	if ok && !head.Deleting {
		from = fmt.Sprintf("%s (revision %d)", rev.Experiment, head.Generation)
		if before, err = v1alpha1.Encode(head.Spec); err != nil {
			return nil, err
		}
	}
	after, err := v1alpha1.Encode(rev.Spec)
	return diff.Diff(from, before, rev.Experiment+" (manifest)", after), err
}
