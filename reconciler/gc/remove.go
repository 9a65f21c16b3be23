package gc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"assay/drivers/durable"
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
		to := filepath.Join(filepath.Dir(l.Path), c.trash()+rand.Text()[:8])
		switch err := (durable.Writer{}).Move(l.Path, to); {
		case errors.Is(err, fs.ErrNotExist): // another clean was faster
		case err != nil:
			failed = errors.Join(failed, err)
		default:
			trash = append(trash, Leftover{Path: to, Size: l.Size})
		}
	}
	for _, t := range trash {
		if ctx.Err() != nil {
			return done, fmt.Errorf("removing leftovers: interrupted: %w; what is left has names that begin with %s, and goes with the next: assay clean --logs --data --runs --images", ctx.Err(), trashPrefix)
		}
		if err := os.RemoveAll(t.Path); err != nil { // removes links, does not follow them
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
