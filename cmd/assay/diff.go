package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// diffOptions are the arguments and flags of `assay diff`.
type diffOptions struct {
	files     []string
	revisions []string // one or two instead of files
}

func diffCmd(_ *app, run func(context.Context, diffOptions) error) *cobra.Command {
	var o diffOptions
	c := &cobra.Command{
		Use:   "diff -f FILE|FOLDER|- | EXPERIMENT@REVISION [EXPERIMENT@REVISION]",
		Short: "Compare a manifest with the newest revision, or two revisions; exit 0 same, 1 different, 2 error",
		Long: `diff shows what apply of a manifest would change in what is declared. With a revision it compares that one with the newest,
and with two the first with the second. REVISION is a number, or the beginning of a hash or of a commit.`,
		Args: args(cobra.MaximumNArgs(2)),
		RunE: verb(&o, run, func(pos []string) error {
			if len(pos) > 0 == (len(o.files) > 0) {
				return errors.New("no manifest given; type: assay diff -f FILE, or: assay diff EXPERIMENT@2 EXPERIMENT@3")
			}
			if len(pos) > 0 {
				o.revisions = pos
			}
			return nil
		}),
	}
	c.Flags().StringSliceVarP(&o.files, "filename", "f", nil, "file, folder, or - for standard input")
	return c
}

// runDiff keeps 1 for "different": every error of diff exits above it.
func (a *app) runDiff(ctx context.Context, o diffOptions) error {
	different, err := a.diff(ctx, o)
	if err == nil && different {
		return exitError{code: 1}
	}
	if _, ok := errors.AsType[exitError](err); err != nil && !ok {
		return exitError{exitUsage, err}
	}
	return err
}

func (a *app) diff(ctx context.Context, o diffOptions) (different bool, err error) {
	if len(o.revisions) > 0 {
		return a.diffRevisions(o.revisions)
	}
	in, err := a.read(ctx, o.files)
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

// diffRevisions compares a revision with another one, or with the newest of its experiment.
func (a *app) diffRevisions(refs []string) (different bool, err error) {
	st, _, err := a.current()
	if err != nil {
		return false, err
	}
	if len(refs) == 1 {
		name, _, _ := strings.Cut(refs[0], "@")
		refs = append(refs, name)
	}
	var names [2]string
	var texts [2][]byte
	for i, ref := range refs {
		name, word, _ := strings.Cut(ref, "@")
		m, err := resultsOf(st).Measurements(name)
		if err != nil {
			return false, err
		}
		rev, err := m.Find(word)
		if err != nil {
			return false, err
		}
		names[i] = fmt.Sprintf("%s (revision %d)", name, rev.Generation)
		if texts[i], err = v1alpha1.Encode(rev.Spec); err != nil {
			return false, err
		}
	}
	d := diff.Diff(names[0], texts[0], names[1], texts[1])
	_, err = a.out.Write(d)
	return len(d) > 0, err
}
