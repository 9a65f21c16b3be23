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

	"assay/drivers/suite/storage"
)

// steps are what a task does in a phase. do goes on from where the task stands until the deadline (zero: none) or until it
// has done limit pieces.
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

func (r *runner) steps(phase string) steps {
	transfer := int64(r.spec.TransferSize)
	wrote := func(of string, unit int64) func(*task) int64 {
		return func(t *task) int64 { return int64(t.done[of]) * unit }
	}
	switch phase {
	case "ior-easy-write":
		return steps{do: r.easyWrite, finish: flush, count: wrote(phase, transfer), limit: r.limits.Transfers}
	case "ior-hard-write":
		return steps{do: r.hardWrite, finish: flush, count: wrote(phase, storage.HardRecord), limit: r.limits.Records}
	case "mdtest-easy-write":
		return steps{do: r.create(phase, r.easyName, 0), count: wrote(phase, 1), limit: r.limits.Easy}
	case "mdtest-hard-write":
		return steps{do: r.create(phase, r.hardName, storage.HardFile), count: wrote(phase, 1), limit: r.limits.Hard}
	case "find":
		return steps{do: r.find, count: func(t *task) int64 { return t.found }}
	case "ior-easy-read":
		return steps{prepare: r.forget, do: r.easyRead, count: wrote("ior-easy-write", transfer)}
	case "ior-hard-read":
		return steps{prepare: r.forget, do: r.hardRead, count: wrote("ior-hard-write", storage.HardRecord)}
	case "mdtest-easy-stat":
		return steps{do: r.files("mdtest-easy-write", r.easyName, stat), count: wrote("mdtest-easy-write", 1)}
	case "mdtest-hard-stat":
		return steps{do: r.files("mdtest-hard-write", r.hardName, stat), count: wrote("mdtest-hard-write", 1)}
	case "mdtest-hard-read":
		return steps{do: r.files("mdtest-hard-write", r.hardName, r.readFile), count: wrote("mdtest-hard-write", 1)}
	case "mdtest-easy-delete":
		return steps{do: r.files("mdtest-easy-write", r.easyName, remove), count: wrote("mdtest-easy-write", 1)}
	}
	return steps{do: r.files("mdtest-hard-write", r.hardName, remove), count: wrote("mdtest-hard-write", 1)}
}

// more reports whether a task goes on: neither the limit nor the deadline is reached, and the run was not stopped.
func more(ctx context.Context, done, limit int, deadline time.Time) bool {
	return done < limit && ctx.Err() == nil && (deadline.IsZero() || time.Now().Before(deadline))
}

func (r *runner) easyWrite(ctx context.Context, t *task, deadline time.Time, limit int) error {
	const phase = "ior-easy-write"
	return t.write(ctx, r.path(easyIO, t.rank), r.flags(0), phase, deadline, limit, func(i int) ([]byte, int64) {
		b := r.data.block(kindEasy, t.rank, i, int(r.spec.TransferSize))
		if r.spec.Direct {
			b = t.buf[:copy(t.buf, b)] // which is aligned
		}
		return b, int64(i) * int64(r.spec.TransferSize)
	})
}

func (r *runner) hardWrite(ctx context.Context, t *task, deadline time.Time, limit int) error {
	const phase = "ior-hard-write"
	return t.write(ctx, r.path(hardIOFile), 0, phase, deadline, limit, func(i int) ([]byte, int64) {
		return r.data.block(kindHard, t.rank, i, storage.HardRecord), (int64(i)*int64(r.size()) + int64(t.rank)) * storage.HardRecord
	})
}

// write writes piece after piece into a file that stays open for the wear-out.
func (t *task) write(ctx context.Context, path string, flags int, phase string, deadline time.Time, limit int, piece func(int) ([]byte, int64)) error {
	if t.file == nil {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|flags, 0o600)
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

func (r *runner) easyRead(ctx context.Context, t *task, _ time.Time, _ int) error {
	n, rank := t.done["ior-easy-write"], r.neighbour(t.rank)
	return r.read(ctx, t, r.path(easyIO, rank), r.flags(0), kindEasy, rank, n, int(r.spec.TransferSize), func(i int) int64 { return int64(i) * int64(r.spec.TransferSize) })
}

func (r *runner) hardRead(ctx context.Context, t *task, _ time.Time, _ int) error {
	n, rank := t.done["ior-hard-write"], r.neighbour(t.rank)
	return r.read(ctx, t, r.path(hardIOFile), 0, kindHard, rank, n, storage.HardRecord, func(i int) int64 { return (int64(i)*int64(r.size()) + int64(rank)) * storage.HardRecord })
}

// read reads n pieces that another rank wrote, and compares them.
func (r *runner) read(ctx context.Context, t *task, path string, flags int, kind byte, rank, n, length int, at func(int) int64) error {
	f, err := os.OpenFile(path, flags, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for i := 0; i < n && ctx.Err() == nil; i++ {
		if _, err := f.ReadAt(t.buf[:length], at(i)); err != nil {
			return err
		}
		if err := r.data.check(t.buf[:length], kind, rank, i, path); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (r *runner) easyName(rank, i int) string { return r.path(easyMD, rank, "file."+fmt.Sprint(i)) }
func (r *runner) hardName(rank, i int) string {
	return r.path(hardMD, fmt.Sprintf("file.%d.%d", rank, i))
}

// create makes files of n bytes.
func (r *runner) create(phase string, name func(rank, i int) string, n int) func(context.Context, *task, time.Time, int) error {
	return func(ctx context.Context, t *task, deadline time.Time, limit int) error {
		for more(ctx, t.done[phase], limit, deadline) {
			i := t.done[phase]
			f, err := os.OpenFile(name(t.rank, i), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			if n > 0 {
				_, err = f.Write(r.data.block(kindFile, t.rank, i, n))
			}
			if err = errors.Join(err, f.Close()); err != nil {
				return err
			}
			t.done[phase]++
		}
		return ctx.Err()
	}
}

// files calls do with every file that the neighbour made.
func (r *runner) files(phase string, name func(rank, i int) string, do func(t *task, path string, rank, i int) error) func(context.Context, *task, time.Time, int) error {
	return func(ctx context.Context, t *task, _ time.Time, _ int) error {
		rank := r.neighbour(t.rank)
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

func (r *runner) readFile(t *task, path string, rank, i int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := f.ReadAt(t.buf[:storage.HardFile], 0)
	if err != nil {
		return fmt.Errorf("%s after %d bytes: %w", path, n, err)
	}
	return r.data.check(t.buf[:storage.HardFile], kindFile, rank, i, path)
}

// find walks a task's share of the tree. It counts every file that it sees, as IO500 does.
func (r *runner) find(ctx context.Context, t *task, _ time.Time, _ int) error {
	t.found = 0
	newer, err := os.Stat(r.path(stamp))
	if err != nil {
		return err
	}
	shares := []string{easyIO, hardIO, hardMD}
	for rank := range r.size() {
		shares = append(shares, filepath.Join(easyMD, fmt.Sprint(rank)))
	}
	for i, share := range shares {
		if i%r.size() != t.rank {
			continue
		}
		err := filepath.WalkDir(r.path(share), func(path string, d fs.DirEntry, err error) error {
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

// foundAll checks that find has matched every file that it should.
func (r *runner) foundAll(all []report) error {
	var got, want int64
	for _, of := range all {
		got += of.Matched
	}
	for rank := range r.size() {
		for i := range r.tasks[0].done["mdtest-hard-write"] {
			if strings.Contains(filepath.Base(r.hardName(rank, i)), "01") {
				want++
			}
		}
	}
	if got != want {
		return r.comm.abort(fmt.Errorf("%w: %d files were to be found, and %d were", errCorrupt, want, got))
	}
	return nil
}
