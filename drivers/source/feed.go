package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Snapshot is what files that are being edited hold at one moment, so that another machine can follow them.
type Snapshot struct {
	Files   []v1alpha1.File
	Origin  drivers.Origin
	Problem string // they could not be read
	Stamp   string // differs also when a file was written again with the same content
	Heads   string // the commits that are checked out
	Folders map[string]string
}

// Snapshots hands put what the paths hold, at once and whenever that has changed, until ctx ends.
func Snapshots(ctx context.Context, paths []string, poll time.Duration, put func(Snapshot)) {
	events, stop := notify(paths)
	defer stop()
	tick := time.NewTicker(max(poll, 100*time.Millisecond))
	defer tick.Stop()
	last := ""
	for {
		c := readContent(paths)
		now := Snapshot{Files: c.files, Stamp: fmt.Sprintf("%x", sha256.Sum256([]byte(c.stamp))), Heads: heads(paths), Folders: Folders(c.files)}
		if c.err != nil {
			now.Problem = c.err.Error()
		}
		if now.Stamp+now.Heads != last {
			last = now.Stamp + now.Heads
			now.Origin = origin(ctx, paths, c.files)
			put(now)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-events:
		}
	}
}

// Feed has the newest snapshot of files that are elsewhere.
type Feed struct {
	mu     sync.Mutex
	last   Snapshot
	events chan struct{}
}

// NewFeed has nothing yet.
func NewFeed() *Feed { return &Feed{events: make(chan struct{}, 1)} }

// Put replaces the snapshot.
func (f *Feed) Put(s Snapshot) {
	f.mu.Lock()
	f.last = s
	f.mu.Unlock()
	select {
	case f.events <- struct{}{}:
	default:
	}
}

func (f *Feed) snapshot() Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

func (f *Feed) notify([]string) (<-chan struct{}, func()) { return f.events, func() {} }

func (f Files) look() content {
	if f.Feed == nil {
		return readContent(f.Paths)
	}
	s := f.Feed.snapshot()
	c := content{files: s.Files, stamp: s.Stamp}
	if s.Problem != "" {
		c.err = errors.New(s.Problem)
	}
	c.sum = sumOf(c.files, c.err)
	return c
}

func (f Files) folders() map[string]string {
	if f.Feed == nil {
		return nil
	}
	return f.Feed.snapshot().Folders
}

func (f Files) heads() string {
	if f.Feed == nil {
		return heads(f.Paths)
	}
	return f.Feed.snapshot().Heads
}

func (f Files) origin(ctx context.Context, files []v1alpha1.File) drivers.Origin {
	if f.Feed == nil {
		return origin(ctx, f.Paths, files)
	}
	return f.Feed.snapshot().Origin
}
