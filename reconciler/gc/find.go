package gc

import (
	"context"
	"fmt"

	"assay/drivers"
	"assay/reconciler/store"
)

// The kinds of leftovers, named as the flags that remove them.
const (
	KindLogs   = "logs"
	KindData   = "data"
	KindRuns   = "runs"
	KindImages = "images"
	KindFiles  = "files"
)

// Kinds chooses what to find. The zero value chooses every kind.
type Kinds struct {
	Logs   bool // directories and records of ended jobs, temporary files
	Data   bool // data directories that no declared service uses
	Runs   bool // results of deleted experiments
	Images bool // images that no job of a declared experiment used
	Files  bool // files that came from a laptop and that no revision names
}

// None reports whether no kind is named.
func (k Kinds) None() bool { return k == Kinds{} }

// Leftover is one file or folder that can be removed.
type Leftover struct {
	Kind       string // one of the constants above
	Experiment string // empty: it belongs to none, or to several
	Path       string // absolute
	Size       int64  // bytes, of all regular files in it
}

// Found is what Find saw.
type Found struct {
	Leftovers []Leftover
	Unknown   []drivers.Job // live jobs with the store's mark whose experiment or attempt is not recorded
}

// Collector finds and removes leftovers of one state directory.
type Collector struct {
	Store      *store.Store
	Jobs       func(context.Context) ([]drivers.Job, error) // the jobs with the store's mark that are not over: all, or an error
	Work       string                                       // the site's paths.work
	Experiment string                                       // limits everything to one experiment; empty: all
}

// Find lists what can go, by kind.
func (c Collector) Find(ctx context.Context, kinds Kinds) (Found, error) {
	s, err := c.snapshot(ctx)
	if err != nil {
		return Found{}, err
	}
	found := Found{Unknown: s.unknown()}
	for _, k := range []struct {
		wanted bool
		list   func() ([]Leftover, error)
	}{{kinds.Logs, s.jobDirs}, {kinds.Logs, s.temporary}, {kinds.Data, s.data}, {kinds.Runs, s.results}, {kinds.Images, s.images}, {kinds.Files, s.sent}} {
		if !k.wanted && !kinds.None() {
			continue
		}
		items, err := k.list()
		if err != nil {
			return Found{}, fmt.Errorf("listing what can be removed: %w", err)
		}
		found.Leftovers = append(found.Leftovers, items...)
	}
	for i := range found.Leftovers {
		found.Leftovers[i].Size = sizeOf(found.Leftovers[i].Path)
	}
	return found, nil
}

// Size is the sum over leftovers, in bytes.
func Size(items []Leftover) (sum int64) {
	for _, l := range items {
		sum += l.Size
	}
	return sum
}
