package native

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/suite/storage"
)

// steps are what a task does in a phase. Do goes on from where the task stands until the deadline (zero: none) or until
// it has done limit pieces.
type steps struct {
	prepare func() error // once a node, before the clock starts
	do      func(ctx context.Context, t *task, deadline time.Time, limit int) error
	finish  func(*task) error // after the wear-out, inside the clock
	count   func(*task) int64 // what the task has done, in bytes or operations
	limit   int
}

// Kinds of pieces, for the pattern.
const (
	kindEasy = byte(iota + 1)
	kindHard
	kindFile
)

func (w *worker) steps(phase string) steps {
	transfer := int64(w.spec.TransferSize)
	wrote := func(of string, unit int64) func(*task) int64 {
		return func(t *task) int64 { return int64(t.done[of]) * unit }
	}
	switch phase {
	case "ior-easy-write":
		return steps{do: w.easyWrite, finish: flush, count: wrote(phase, transfer), limit: w.limits.Transfers}
	case "ior-hard-write":
		return steps{do: w.hardWrite, finish: flush, count: wrote(phase, storage.HardRecord), limit: w.limits.Records}
	case "mdtest-easy-write":
		return steps{do: w.create(phase, w.easyName, 0), count: wrote(phase, 1), limit: w.limits.Easy}
	case "mdtest-hard-write":
		return steps{do: w.create(phase, w.hardName, storage.HardFile), count: wrote(phase, 1), limit: w.limits.Hard}
	case "find":
		return steps{do: w.find, count: func(t *task) int64 { return t.found }}
	case "ior-easy-read":
		return steps{prepare: w.forget, do: w.easyRead, count: wrote("ior-easy-write", transfer)}
	case "ior-hard-read":
		return steps{prepare: w.forget, do: w.hardRead, count: wrote("ior-hard-write", storage.HardRecord)}
	case "mdtest-easy-stat":
		return steps{do: w.files("mdtest-easy-write", w.easyName, stat), count: wrote("mdtest-easy-write", 1)}
	case "mdtest-hard-stat":
		return steps{do: w.files("mdtest-hard-write", w.hardName, stat), count: wrote("mdtest-hard-write", 1)}
	case "mdtest-hard-read":
		return steps{do: w.files("mdtest-hard-write", w.hardName, w.readFile), count: wrote("mdtest-hard-write", 1)}
	case "mdtest-easy-delete":
		return steps{do: w.files("mdtest-easy-write", w.easyName, remove), count: wrote("mdtest-easy-write", 1)}
	}
	return steps{do: w.files("mdtest-hard-write", w.hardName, remove), count: wrote("mdtest-hard-write", 1)}
}

// more reports whether a task goes on: neither the limit nor the deadline is reached, and nobody has stopped it.
func more(ctx context.Context, done, limit int, deadline time.Time) bool {
	return done < limit && ctx.Err() == nil && (deadline.IsZero() || time.Now().Before(deadline))
}

func (w *worker) easyWrite(ctx context.Context, t *task, deadline time.Time, limit int) error {
	const phase = "ior-easy-write"
	return t.write(ctx, w.path(easyIO, t.rank), phase, deadline, limit, func(i int) ([]byte, int64) {
		return w.data.block(kindEasy, t.rank, i, int(w.spec.TransferSize)), int64(i) * int64(w.spec.TransferSize)
	})
}

func (w *worker) hardWrite(ctx context.Context, t *task, deadline time.Time, limit int) error {
	const phase = "ior-hard-write"
	return t.write(ctx, w.path(hardIOFile), phase, deadline, limit, func(i int) ([]byte, int64) {
		return w.data.block(kindHard, t.rank, i, storage.HardRecord), (int64(i)*int64(w.size()) + int64(t.rank)) * storage.HardRecord
	})
}

// write writes piece after piece into a file that stays open for the wear-out.
func (t *task) write(ctx context.Context, path, phase string, deadline time.Time, limit int, piece func(int) ([]byte, int64)) error {
	if t.file == nil {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		t.file = f
	}
	for more(ctx, t.done[phase], limit, deadline) {
		data, at := piece(t.done[phase])
		if _, err := t.file.WriteAt(data, at); err != nil {
			return err
		}
		t.done[phase]++
	}
	return ctx.Err()
}

// flush puts a task's file on stable storage.
func flush(t *task) error {
	f := t.file
	t.file = nil
	return errors.Join(f.Sync(), f.Close())
}

func (w *worker) easyRead(ctx context.Context, t *task, _ time.Time, _ int) error {
	n, rank := t.done["ior-easy-write"], w.neighbour(t.rank)
	return w.read(ctx, t, w.path(easyIO, rank), kindEasy, rank, n, int(w.spec.TransferSize), func(i int) int64 { return int64(i) * int64(w.spec.TransferSize) })
}

func (w *worker) hardRead(ctx context.Context, t *task, _ time.Time, _ int) error {
	n, rank := t.done["ior-hard-write"], w.neighbour(t.rank)
	return w.read(ctx, t, w.path(hardIOFile), kindHard, rank, n, storage.HardRecord, func(i int) int64 { return (int64(i)*int64(w.size()) + int64(rank)) * storage.HardRecord })
}

// read reads n pieces that another rank wrote, and compares them.
func (w *worker) read(ctx context.Context, t *task, path string, kind byte, rank, n, length int, at func(int) int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for i := 0; i < n && ctx.Err() == nil; i++ {
		if _, err := f.ReadAt(t.buf[:length], at(i)); err != nil {
			return err
		}
		if err := w.data.check(t.buf[:length], kind, rank, i, path); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// forget drops this node's cached pages of what is about to be read.
func (w *worker) forget() error {
	paths := []string{w.path(hardIOFile)}
	for rank := range w.size() {
		paths = append(paths, w.path(easyIO, rank))
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		err = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("dropping %s from the cache: %w", path, err)
		}
	}
	return nil
}

func (w *worker) easyName(rank, i int) string { return w.path(easyMD, rank, "file."+fmt.Sprint(i)) }
func (w *worker) hardName(rank, i int) string {
	return w.path(hardMD, fmt.Sprintf("file.%d.%d", rank, i))
}

// create makes files of n bytes.
func (w *worker) create(phase string, name func(rank, i int) string, n int) func(context.Context, *task, time.Time, int) error {
	return func(ctx context.Context, t *task, deadline time.Time, limit int) error {
		for more(ctx, t.done[phase], limit, deadline) {
			i := t.done[phase]
			f, err := os.OpenFile(name(t.rank, i), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			if n > 0 {
				_, err = f.Write(w.data.block(kindFile, t.rank, i, n))
			}
			if err = errors.Join(err, f.Close()); err != nil {
				return err
			}
			t.done[phase]++
		}
		return ctx.Err()
	}
}

// files does something with every file that the neighbour made.
func (w *worker) files(phase string, name func(rank, i int) string, do func(t *task, path string, rank, i int) error) func(context.Context, *task, time.Time, int) error {
	return func(ctx context.Context, t *task, _ time.Time, _ int) error {
		rank := w.neighbour(t.rank)
		for i := 0; i < t.done[phase] && ctx.Err() == nil; i++ {
			if err := do(t, name(rank, i), rank, i); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
}

func stat(_ *task, path string, _, _ int) error {
	_, err := os.Stat(path)
	return err
}

func remove(_ *task, path string, _, _ int) error { return os.Remove(path) }

func (w *worker) readFile(t *task, path string, rank, i int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := f.ReadAt(t.buf[:storage.HardFile], 0)
	if err != nil {
		return fmt.Errorf("%s after %d bytes: %w", path, n, err)
	}
	return w.data.check(t.buf[:storage.HardFile], kindFile, rank, i, path)
}

// find walks a task's share of the tree. What it counts is everything that it looks at, as IO500 does.
func (w *worker) find(ctx context.Context, t *task, _ time.Time, _ int) error {
	t.found = 0
	newer, err := os.Stat(w.path(stamp))
	if err != nil {
		return err
	}
	shares := []string{easyIO, hardIO, hardMD}
	for rank := range w.size() {
		shares = append(shares, filepath.Join(easyMD, fmt.Sprint(rank)))
	}
	for i, share := range shares {
		if i%w.size() != t.rank {
			continue
		}
		err := filepath.WalkDir(w.path(share), func(path string, d fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			t.found++
			if info.Size() == storage.HardFile && !info.ModTime().Before(newer.ModTime()) && strings.Contains(d.Name(), "01") {
				t.matched++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// foundAll checks that find has seen every file that it is about.
func (w *worker) foundAll(all []report) error {
	var got, want int64
	for _, r := range all {
		got += r.Matched
	}
	for rank := range w.size() {
		for i := range w.tasks[0].done["mdtest-hard-write"] {
			if strings.Contains(filepath.Base(w.hardName(rank, i)), "01") {
				want++
			}
		}
	}
	if got != want {
		return w.team.fail(fmt.Errorf("%w: %d files were to be found, and %d were", errCorrupt, want, got))
	}
	return nil
}
