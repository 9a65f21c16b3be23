package drivertest

import (
	"errors"
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

// fence demands that a running job is left alone, and that an ended one can be fenced again and again.
func (b *bench) fence() {
	f, ok := b.s.(drivers.Fencer)
	if !ok {
		b.Skip("this scheduler cannot end what a job left behind")
	}
	forever, seven := b.submit(b.spec("forever", RunForever)), b.submit(b.spec("seven", ExitSeven))
	b.reach("forever", drivers.JobRunning)
	ended := b.reach("seven", drivers.JobFailed)
	if err := f.Fence(b.Context(), forever, "forever"); !errors.Is(err, drivers.ErrRejected) {
		b.Errorf("fencing a running job gave %v", err)
	}
	for range 2 {
		for id, nonce := range map[drivers.JobID]string{forever: "other", seven: "seven", unknown: "none"} {
			if err := f.Fence(b.Context(), id, nonce); err != nil {
				b.Errorf("fencing job %s of nonce %s: %v", id, nonce, err)
			}
		}
	}
	now := b.listing(b.store)
	if now["forever"].State != drivers.JobRunning {
		b.Errorf("a job that was running is %s after fencing", now["forever"].State)
	}
	if d := cmp.Diff(ended, now["seven"]); d != "" {
		b.Errorf("fencing changed an ended job: %s", d)
	}
}
