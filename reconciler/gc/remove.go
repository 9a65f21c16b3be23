package gc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"assay/drivers/safefile"
)

// trashPrefix begins the name that a leftover has while it is deleted. It begins as the names of temporary files do,
// which readers of the state directory ignore.
const trashPrefix = ".tmp-clean-"

// trash begins the names that this store's leftovers get.
func (c Collector) trash() string { return trashPrefix + c.Store.ID() + "-" }

// Removed is what Remove did.
type Removed struct {
	Count int
	Bytes int64
	Kept  []Leftover // in use again, or gone already
}

// Remove deletes what was agreed, as far as Find with the same kinds still lists it. Removed counts also when there is an
// error; an error of one leftover does not stop the others.
func (c Collector) Remove(ctx context.Context, kinds Kinds, agreed []Leftover) (Removed, error) {
	var done Removed
	now, err := c.Find(ctx, kinds)
	if err != nil {
		return done, err
	}
	var failed error
	var trash []Leftover // under their new names
	for _, l := range agreed {
		if !slices.ContainsFunc(now.Leftovers, func(n Leftover) bool { return n.Path == l.Path && n.Kind == l.Kind }) {
			done.Kept = append(done.Kept, l)
			continue
		}
		to := c.trash() + rand.Text()[:8]
		switch err := c.in(l, func(f *safefile.Folder, name string) error { return f.Rename(name, to) }); {
		case errors.Is(err, fs.ErrNotExist): // another clean was faster
		case err != nil:
			failed = errors.Join(failed, err)
		default:
			trash = append(trash, Leftover{Kind: l.Kind, Path: filepath.Join(filepath.Dir(l.Path), to), Size: l.Size})
		}
	}
	for _, t := range trash {
		if ctx.Err() != nil {
			return done, fmt.Errorf("removing leftovers: interrupted: %w; what is left has names that begin with %s, and goes with the next: assay clean --logs --data --runs --images --files", ctx.Err(), trashPrefix)
		}
		if err := c.in(t, func(f *safefile.Folder, name string) error { return discard(ctx, f, name) }); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		done.Count, done.Bytes = done.Count+1, done.Bytes+t.Size
	}
	if failed != nil {
		failed = fmt.Errorf("removing leftovers: %w", failed)
	}
	return done, failed
}

// in does something with a leftover in the folder that holds it. That is reached from the state directory, or from paths.work,
// through folders of this user and no link: paths.work can be a folder in which others make names.
func (c Collector) in(l Leftover, do func(folder *safefile.Folder, name string) error) error {
	root := c.Store.Dir()
	if l.Kind == KindData {
		var err error
		if root, err = filepath.EvalSymlinks(c.Work); err != nil {
			return err
		}
	}
	rel, err := filepath.Rel(root, filepath.Dir(l.Path))
	if err != nil {
		return fmt.Errorf("%s is not below %s: %w", l.Path, root, err)
	}
	top, err := safefile.OpenAny(root)
	if err != nil {
		return err
	}
	defer top.Close()
	folder, err := top.Down(rel)
	if err != nil {
		return err
	}
	defer folder.Close()
	return do(folder, filepath.Base(l.Path))
}

// discard removes what was renamed.
func discard(ctx context.Context, f *safefile.Folder, name string) error {
	_, err := f.Remove(ctx, name)
	return err
}
