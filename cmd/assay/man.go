package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"assay/reconciler/manual"
)

// manOptions are the arguments of `assay man`.
type manOptions struct{ dir string }

func manCmd(_ *app, run func(context.Context, manOptions) error) *cobra.Command {
	var o manOptions
	return &cobra.Command{Use: "man FOLDER", Short: "Write the man pages of verbs and of the manual into a folder", Hidden: true, Args: args(cobra.ExactArgs(1)), RunE: verb(&o, run, first(&o.dir))}
}

// runMan writes the verbs (section 1) from the same texts as --help, and the manual (section 7). Their date is that of SOURCE_DATE_EPOCH, so that two builds are equal.
func (a *app) runMan(_ context.Context, o manOptions) error {
	at := time.Unix(0, 0)
	if s := os.Getenv("SOURCE_DATE_EPOCH"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return exitError{exitUsage, fmt.Errorf("reading SOURCE_DATE_EPOCH: %w", err)}
		}
		at = time.Unix(n, 0)
	}
	at = at.UTC()
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	root := newRoot(a)
	root.DisableAutoGenTag = true
	root.InitDefaultCompletionCmd()
	all, err := manualPages(root)
	if err != nil {
		return err
	}
	for _, p := range all {
		f, err := os.Create(filepath.Join(o.dir, "assay-"+p.Name+".7")) // for everybody to read, as cobra makes the others
		if err != nil {
			return err
		}
		_, err = f.Write(manual.Man(p, "assay "+versionString(), at))
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "assay " + versionString(), Manual: "assay", Date: &at}, o.dir)
}
