package source

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers/safefile"
)

// ReadEach is Read for who wants to know of every file: one that cannot be read is a problem of its own, and the others are
// read. It asks no git. What a file holds beyond the limits of Read is such a problem too.
func ReadEach(ctx context.Context, paths []string, stdin io.Reader) (files []v1alpha1.File, unread []v1alpha1.Problem, err error) {
	type result struct {
		files  []v1alpha1.File
		unread []v1alpha1.Problem
	}
	done := make(chan result, 1)
	go func() {
		var r result
		var sum budget
		for _, p := range paths {
			for _, name := range within(p) {
				f, err := readOne(name, p, stdin, &sum)
				if err != nil {
					r.unread = append(r.unread, v1alpha1.Problem{File: name, Line: 1, Col: 1, Message: "cannot be read: " + reason(err)})
					continue
				}
				r.files = append(r.files, f)
			}
		}
		done <- r
	}()
	select {
	case r := <-done:
		return r.files, r.unread, ctx.Err()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// within are the manifests of a folder; another path is itself, and so is a folder that cannot be listed or holds none.
func within(path string) (names []string) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}
	}
	root := strings.TrimRight(path, "/") + "/"
	_ = filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		hidden := p != root && strings.HasPrefix(e.Name(), ".")
		switch {
		case err != nil:
			names = append(names, p)
			return fs.SkipDir
		case hidden && e.IsDir():
			return fs.SkipDir
		case !hidden && !e.IsDir() && isManifest(p):
			names = append(names, p)
		}
		if len(names) > v1alpha1.MaxFiles {
			return fs.SkipAll
		}
		return nil
	})
	if len(names) == 0 {
		return []string{path}
	}
	return names
}

// readOne reads a file that was named, or found in the folder that was named.
func readOne(name, named string, stdin io.Reader, sum *budget) (v1alpha1.File, error) {
	if name == "-" {
		data, err := readLimited(stdin)
		return v1alpha1.File{Name: stdinName, Data: data}, err
	}
	var f *os.File
	var err error
	if root := strings.TrimRight(named, "/") + "/"; strings.HasPrefix(name, root) {
		f, err = safefile.OpenIn(root, strings.TrimPrefix(name, root))
	} else if info, failed := os.Stat(name); failed == nil && info.IsDir() {
		return v1alpha1.File{}, errNoManifest
	} else {
		f, err = safefile.Open(name)
	}
	if err != nil {
		return v1alpha1.File{}, err
	}
	return readFile(f, name, sum)
}

// reason is an error without the path that the problem names already.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// Repeated reports whether standard input is named twice: it can be read once.
func Repeated(paths []string) bool {
	i := slices.Index(paths, "-")
	return i >= 0 && slices.Contains(paths[i+1:], "-")
}
