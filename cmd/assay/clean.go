package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

func cleanCmd(a *app) *cobra.Command {
	var which cleanKinds
	var yes, dry bool
	c := &cobra.Command{
		Use:   "clean [EXPERIMENT] [--logs] [--data] [--runs] [--images]",
		Short: "Remove what ended jobs and deleted experiments left behind",
		Long: `clean lists what is left of jobs that ended and of experiments that were deleted, also by earlier processes, and removes
the kinds that you name:

  --logs    directories and records of ended jobs, and temporary files
  --data    data directories below paths.work that no declared service uses
  --runs    results of runs of deleted experiments
  --images  images in the state directory that no job of a declared experiment used

Without a kind it only says what there is. It never touches a live job, a declared service's data, a folder that you gave
(only those that carry assay's marker, made for this state directory), or anything behind a link.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			st, site, err := a.current()
			if err != nil {
				return err
			}
			cl := &cleaner{a: a, st: st, site: site, experiment: append(pos, "")[0]}
			return cl.clean(c.Context(), which, yes, dry)
		},
	}
	f := c.Flags()
	f.BoolVar(&which.logs, "logs", false, "directories and records of ended jobs, temporary files")
	f.BoolVar(&which.data, "data", false, "data directories that no declared service uses")
	f.BoolVar(&which.runs, "runs", false, "results of deleted experiments")
	f.BoolVar(&which.images, "images", false, "images that no declared experiment used")
	f.BoolVarP(&yes, "yes", "y", false, "do not ask")
	f.BoolVar(&dry, "dry-run", false, "only list what would be removed")
	return c
}

// cleanKinds are the kinds of leftovers that somebody wants removed.
type cleanKinds struct{ logs, data, runs, images bool }

func (k cleanKinds) none() bool { return k == cleanKinds{} }

// leftover is one thing that can be removed.
type leftover struct {
	kind       string // the flag that removes it
	experiment string
	path       string
	size       int64
}

// cleaner finds and removes leftovers.
type cleaner struct {
	a          *app
	st         *store.Store
	site       v1alpha1.Site
	experiment string // empty: all
	seen       sight
}

func (c *cleaner) clean(ctx context.Context, which cleanKinds, yes, dry bool) error {
	found, err := c.find(ctx, which)
	if err != nil {
		return err
	}
	c.reportStrange()
	c.show(found)
	switch {
	case len(found) == 0:
		return nil
	case which.none():
		c.a.say("Nothing was removed. Name what should go: assay clean --logs --data --runs --images")
		return nil
	case dry:
		return nil
	case !yes && !isTerminal(c.a.in):
		return exitError{1, errors.New("nothing was removed: there is no terminal to ask on; add --yes, or --dry-run to look only")}
	case !yes && !c.a.confirm(fmt.Sprintf("Remove these %d, %s?", len(found), bytesWord(total(found)))):
		return exitError{1, errors.New("nothing was removed")}
	}
	return c.remove(ctx, which, found)
}

func total(items []leftover) (sum int64) {
	for _, i := range items {
		sum += i.size
	}
	return sum
}

func (c *cleaner) show(found []leftover) {
	if len(found) == 0 {
		c.a.say("Nothing to clean.")
		return
	}
	var rows [][]string
	for _, l := range found {
		rows = append(rows, []string{l.kind, dash(l.experiment), bytesWord(l.size), l.path})
	}
	c.a.table([]string{"KIND", "EXPERIMENT", "SIZE", "PATH"}, rows)
}

// trashPrefix begins the name that a leftover gets before it is removed: from then on nobody finds it under its own.
const trashPrefix = ".tmp-clean-"

// remove looks again, since somebody may have thought for a while, moves everything out of the way, and then deletes.
func (c *cleaner) remove(ctx context.Context, which cleanKinds, agreed []leftover) error {
	now, err := c.find(ctx, which)
	if err != nil {
		return err
	}
	var failed error
	var trash []string
	var freed int64
	for _, l := range agreed {
		if !slices.ContainsFunc(now, func(n leftover) bool { return n.path == l.path && n.kind == l.kind }) {
			c.a.say("%s is kept: it is in use again, or gone.", l.path)
			continue
		}
		to := filepath.Join(filepath.Dir(l.path), trashPrefix+c.st.ID()+"-"+rand.Text()[:8])
		switch err := os.Rename(l.path, to); {
		case errors.Is(err, fs.ErrNotExist): // somebody else was faster
		case err != nil:
			failed = errors.Join(failed, err)
		default:
			trash, freed = append(trash, to), freed+l.size
		}
	}
	for _, t := range trash {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted; what is left has names that begin with %s, and goes with the next: assay clean: %w", trashPrefix, ctx.Err())
		}
		if err := os.RemoveAll(t); err != nil { // removes links, does not follow them
			failed = errors.Join(failed, err)
		}
	}
	fmt.Fprintf(c.a.out, "%d removed, %s\n", len(trash), bytesWord(freed))
	if failed != nil {
		return fmt.Errorf("cleaning: %w", failed)
	}
	return nil
}

// find looks at everything anew and lists what can go, by kind; all kinds when none is named.
func (c *cleaner) find(ctx context.Context, which cleanKinds) ([]leftover, error) {
	if err := c.look(ctx); err != nil {
		return nil, err
	}
	var out []leftover
	for _, k := range []struct {
		wanted bool
		list   func() ([]leftover, error)
	}{{which.logs, c.jobs}, {which.logs, c.temporary}, {which.data, c.data}, {which.runs, c.runs}, {which.images, c.images}} {
		if !k.wanted && !which.none() {
			continue
		}
		items, err := k.list()
		if err != nil {
			return nil, fmt.Errorf("looking for what can be cleaned: %w", err)
		}
		out = append(out, items...)
	}
	for i := range out {
		out[i].size = sizeOf(out[i].path)
	}
	return out, nil
}

// sizeOf adds up a file or folder. What vanishes meanwhile, or cannot be read, counts nothing.
func sizeOf(path string) (sum int64) {
	_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}

// old reports whether nobody can be in the middle of making path.
func old(info fs.FileInfo) bool { return time.Since(info.ModTime()) > time.Hour }
