package drivertest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"assay/drivers"

	"github.com/google/go-cmp/cmp"
)

// listsOnly lists a job that runs and one that has ended, several times, and compares what is there before and after.
func (b *bench) listsOnly() {
	b.submit(b.spec("forever", RunForever))
	b.submit(b.spec("zero", ExitZero))
	b.reach("forever", drivers.JobRunning)
	b.reach("zero", drivers.JobCompleted)
	before, files := b.listing(b.store), b.files()
	for range 3 {
		if d := cmp.Diff(before, b.listing(b.store)); d != "" {
			b.Errorf("a listing changed the next one: %s", d)
		}
	}
	if d := cmp.Diff(files, b.files()); d != "" {
		b.Errorf("a listing changed files: %s", d)
	}
}

// files are the scheduler's own, with their ages; none where it has no folder.
func (b *bench) files() map[string]string {
	out := map[string]string{}
	if b.h.Folder == nil {
		return out
	}
	root := b.h.Folder()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		var content []byte
		if info.Mode().IsRegular() {
			content, err = os.ReadFile(path)
		}
		out[path] = fmt.Sprintf("%s %s %q", info.Mode(), info.ModTime(), content)
		return err
	})
	if err != nil {
		b.Fatalf("reading the scheduler's folder: %v", err)
	}
	return out
}
