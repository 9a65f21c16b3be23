package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"assay/drivers/durable"
)

// rereadAfter is how long heads are believed although the file "changed" has not changed: a writer can have been killed just
// before it wrote there, and the attributes of a file can be old on some shared file systems.
const rereadAfter = 30 * time.Second

// changedLimit is when "changed" is begun anew, in bytes.
const changedLimit = 1 << 20

func (s *Store) changedPath() string { return filepath.Join(s.dir, "changed") }

// sayChanged tells those who follow the heads that an experiment has another one. Nothing depends on it but how soon they see.
func (s *Store) sayChanged(experiment string) {
	path := s.changedPath()
	if info, err := durable.Stat(path); err == nil && info.Size() > changedLimit {
		_ = s.fs.Replace(path, []byte(safe(experiment)+"\n"), nil)
		return
	}
	_ = s.fs.Append(path, []byte(safe(experiment)))
}

// HeadsReader reads the newest revisions again and again, at the cost of what has changed.
type HeadsReader struct {
	Store *Store

	mu    sync.Mutex
	heads []Revision // by name; nil: not read yet
	bad   Damages    // what could not be read; while there is any all is read each time
	read  time.Time  // when all were read
	seen  os.FileInfo
}

// Heads are the newest revisions of all experiments, by name, and damaged ones in the error, as Store.Heads gives them. Do not change them. Now is the
// caller's clock.
func (h *HeadsReader) Heads(now time.Time) ([]Revision, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	info, err := durable.Stat(h.Store.changedPath()) // before what it tells of is read
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	known := len(h.bad) == 0 && !h.read.IsZero() && !now.Before(h.read) && now.Before(h.read.Add(rereadAfter))
	switch {
	case known && unchanged(h.seen, info):
		return h.heads, nil
	case known && h.seen != nil && info != nil && os.SameFile(h.seen, info) && info.Size() > h.seen.Size():
		err = h.readNamed(h.seen.Size(), info.Size())
	default:
		err = h.readAll(now)
	}
	if err != nil && known {
		err = h.readAll(now)
	}
	if err != nil {
		h.read = time.Time{}
		return nil, err
	}
	h.seen = info
	return h.heads, h.bad.or()
}

func (h *HeadsReader) readAll(now time.Time) (err error) {
	h.heads, err = h.Store.Heads()
	if h.bad, err = Tolerate(err); err == nil {
		h.read = now
	}
	return err
}

func unchanged(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// readNamed reads the heads of the experiments that "changed" names from one byte to another.
func (h *HeadsReader) readNamed(from, to int64) error {
	b, err := durable.Read(h.Store.changedPath(), 2*changedLimit)
	if err != nil {
		return err
	}
	heads, done := slices.Clone(h.heads), map[string]bool{}
	for _, name := range strings.Fields(string(b[min(from, int64(len(b))):min(to, int64(len(b)))])) {
		if name = named(name); done[name] {
			continue
		}
		done[name] = true
		head, ok, err := h.Store.Head(name)
		if err != nil {
			return err
		}
		i, there := slices.BinarySearchFunc(heads, name, func(r Revision, name string) int { return strings.Compare(r.Experiment, name) })
		switch {
		case ok && there:
			heads[i] = head
		case ok:
			heads = slices.Insert(heads, i, head)
		case there:
			heads = slices.Delete(heads, i, i+1)
		}
	}
	h.heads = heads
	return nil
}
