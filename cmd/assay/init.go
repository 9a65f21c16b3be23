package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/api/v1alpha1/starter"
	"assay/reconciler/view/text"
)

// initOptions are the arguments and flags of `assay init`.
type initOptions struct {
	starter.Answers
	file string
}

func initCmd(_ *app, run func(context.Context, initOptions) error) *cobra.Command {
	var o initOptions
	long := "init writes a first manifest with comments; it overwrites nothing. Without KIND it asks, on a terminal.\n\n"
	for _, k := range starter.Kinds {
		long += fmt.Sprintf("  %-8s  %s\n", k, starter.Meaning[k])
	}
	c := &cobra.Command{
		Use: "init [KIND]", Short: "Write a first manifest: serving, rag, storage, sweep or nightly", Long: strings.TrimSpace(long),
		Args: args(cobra.MaximumNArgs(1)), ValidArgs: starter.Kinds,
		RunE: verb(&o, run, func(pos []string) error { o.Kind = strings.Join(pos, ""); return nil }),
	}
	f := c.Flags()
	f.StringVar(&o.Name, "name", "", "name of the experiment (default: the kind)")
	f.StringVar(&o.Model, "model", "", "model that is served (default: a simulated one, which needs no GPU)")
	f.StringVar(&o.Partition, "partition", "", "partition of a cluster")
	f.IntVar(&o.Nodes, "nodes", 1, "nodes of a server, on a cluster")
	f.StringVar(&o.Path, "path", "", "directory of a storage benchmark (default: one that assay makes)")
	f.StringVarP(&o.file, "output", "o", "", "file to write, or - for standard output (default: NAME.yaml)")
	return c
}

func (a *app) runInit(ctx context.Context, o initOptions) error {
	o.Site = a.siteName
	if o.Kind == "" {
		if !text.IsTerminal(a.in) {
			return exitError{exitUsage, fmt.Errorf("say what it is for: assay init %s", strings.Join(starter.Kinds, "|"))}
		}
		known, err := knownSites()
		if err != nil {
			return err
		}
		delete(known, v1alpha1.Local)
		if o.Answers, err = a.ask(ctx, o.Answers, slices.Sorted(maps.Keys(known))); err != nil {
			return err
		}
	}
	if o.File = o.file; o.file == "" || o.file == "-" {
		o.File = cmp.Or(o.Name, o.Kind) + ".yaml"
	}
	manifest, err := starter.Write(o.Answers)
	switch {
	case err != nil:
		return exitError{exitUsage, err}
	case o.file == "-":
		_, err = a.out.Write(manifest)
		return err
	}
	o.file = o.File
	if err := a.save(o.file, manifest, false); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists, and init overwrites nothing; type: assay init %s -o OTHER.yaml", o.file, o.Kind)
	} else if err != nil {
		return err
	}
	a.note("%s is written. Look: assay plan -f %s. Make it so: assay apply -f %s", o.file, o.file, o.file)
	return nil
}

// ask asks on the terminal, until ctx ends: what is read from there cannot be interrupted.
func (a *app) ask(ctx context.Context, given starter.Answers, sites []string) (answers starter.Answers, err error) {
	done := make(chan struct{})
	go func() {
		answers, err = starter.Ask(a.in, a.err, given, sites)
		close(done)
	}()
	select {
	case <-done:
		return answers, err
	case <-ctx.Done():
		return given, ctx.Err()
	}
}
