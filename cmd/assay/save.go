package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"assay/reconciler/redact"
)

// wholeLog is the size up to which a file is archived whole; of a larger one the first and the last half of that are.
const wholeLog = 64 << 20

// archive is a .tar.gz on its way: nothing reaches it but through a redacting writer.
type archive struct {
	tar     *tar.Writer
	secrets []string
	scratch *os.File // the file that is being redacted: a tar header needs its size first
	limit   int64    // wholeLog
	files   int
	cut     []string // names of files that were cut
}

// saveLogs writes the archive under a temporary name and renames it: a file of the final name is whole.
func (a *app) saveLogs(ctx context.Context, path, experiment string) (err error) {
	st, _, err := a.current()
	if err != nil {
		return err
	}
	s := &saver{a: a, dir: st.Dir(), st: st, experiment: experiment}
	if err := s.collect(); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".assay-save-*") // 0600
	if err != nil {
		return fmt.Errorf("writing the archive %s: %w", path, err)
	}
	defer func() {
		f.Close()
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	ar, err := s.write(ctx, f)
	if err != nil {
		return fmt.Errorf("writing the archive %s: %w", path, err)
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing the archive %s: %w", path, err)
	}
	for _, name := range ar.cut {
		a.say("%s is larger than %s: its middle was left out.", name, bytesWord(wholeLog))
	}
	fmt.Fprintf(a.out, "%s: %d files, %s\n", path, ar.files, bytesWord(size))
	return nil
}

// write archives every file that was collected.
func (s *saver) write(ctx context.Context, w io.Writer) (*archive, error) {
	scratch, err := os.CreateTemp("", "assay-save-*")
	if err != nil {
		return nil, err
	}
	defer scratch.Close()
	if err := os.Remove(scratch.Name()); err != nil { // it lives as long as it is open
		return nil, err
	}
	gz := gzip.NewWriter(w)
	ar := &archive{tar: tar.NewWriter(gz), secrets: s.secrets, scratch: scratch, limit: wholeLog}
	progress := newProgress(s.a, len(s.files))
	for i, name := range s.files {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		progress.show(i, name)
		if err := ar.add(s.dir, name, s.content[name]); err != nil {
			return nil, err
		}
	}
	progress.show(len(s.files), "")
	return ar, errors.Join(ar.tar.Close(), gz.Close())
}

// add archives a file of the state directory, or the content that stands in for it.
func (ar *archive) add(dir, name string, content []byte) error {
	modified := time.Now()
	if err := ar.scratch.Truncate(0); err != nil {
		return err
	}
	if _, err := ar.scratch.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if content != nil {
		if err := ar.pass(strings.NewReader(string(content))); err != nil {
			return err
		}
	} else {
		f, info, err := openPlain(filepath.Join(dir, name))
		if f == nil {
			return err // gone meanwhile, or no plain file
		}
		defer f.Close()
		modified = info.ModTime()
		if err := ar.passFile(f, info.Size(), name); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
	size, err := ar.scratch.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if err := ar.tar.WriteHeader(&tar.Header{Name: "assay/" + name, Mode: 0o600, Size: size, ModTime: modified, Format: tar.FormatPAX}); err != nil {
		return err
	}
	if _, err := ar.scratch.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(ar.tar, ar.scratch)
	ar.files++
	return err
}

// openPlain opens a file that is no link; nil when it is not there or is something else.
func openPlain(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	now, err := f.Stat()
	if err != nil || !os.SameFile(info, now) {
		return nil, nil, errors.Join(err, f.Close()) // replaced meanwhile: maybe by a link
	}
	return f, now, nil
}

func (ar *archive) pass(r io.Reader) error {
	w := redact.New(ar.scratch, ar.secrets...)
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return w.Flush()
}

// passFile takes a file as long as it was when it was opened: logs grow. The middle of a large one is left out.
func (ar *archive) passFile(f *os.File, size int64, name string) error {
	if size <= ar.limit {
		return ar.pass(io.LimitReader(f, size))
	}
	ar.cut = append(ar.cut, name)
	half := ar.limit / 2
	w := redact.New(ar.scratch, ar.secrets...)
	if _, err := io.CopyN(w, f, half); err != nil {
		return err
	}
	// No Flush: what is held back may begin a secret that the cut would break.
	fmt.Fprintf(ar.scratch, "\n[... assay left about %d bytes out here ...]\n", size-2*half)
	return ar.passTail(f, size-half, size)
}

// passTail takes the bytes from..to. It begins reading earlier: a secret that the cut goes through has to be seen whole.
func (ar *archive) passTail(f *os.File, from, to int64) error {
	out := &valve{w: io.Discard}
	w := redact.New(out, ar.secrets...)
	start := max(from-2*int64(w.Longest()), 0) // once for one that ends at the cut, once for what is held back there
	if _, err := f.Seek(start, io.SeekStart); err != nil {
		return err
	}
	if _, err := io.CopyN(w, f, from-start); err != nil {
		return err
	}
	// What may begin a secret is still held back, and comes out below: hidden, if it was one.
	out.w = ar.scratch
	if _, err := io.CopyN(w, f, to-from); err != nil {
		return err
	}
	return w.Flush()
}

// valve is a writer whose target changes.
type valve struct{ w io.Writer }

func (v *valve) Write(p []byte) (int, error) { return v.w.Write(p) }
