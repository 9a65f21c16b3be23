package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// records are the files that are damaged: a class, and where its files are.
var records = []struct{ class, pattern string }{
	{"status", "status/*.json"},
	{"state", "jobs/*/*/*/state.json"},
	{"desired", "jobs/*/*/*/desired.json"},
	{"intent", "intents/*.json"},
	{"run", "runs/*/*/run.json"},
	{"revision", "revisions/*/*.json"},
	{"beat", "jobs/*/*/*/beat"},
	{"observed", "observed.json"},
	{"mark of an open run", "active/*"},
	{"ended runs", "finished/*/segment-*.jsonl"},
	{"list of changes", "changed"},
	{"request for a run", "reruns/*"},
}

// history is what files held: what they hold, and what they held before.
type history struct {
	mu          sync.Mutex
	now, before map[string][]byte
	damaged     []damaged // since the last mend
}

// remember reads every record.
func (h *history) remember(state string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now == nil {
		h.now, h.before = map[string][]byte{}, map[string][]byte{}
	}
	for _, r := range records {
		for _, path := range newest(filepath.Join(state, r.pattern), 20) {
			text, err := os.ReadFile(path)
			if err != nil || len(text) > 1<<20 {
				continue
			}
			if was, ok := h.now[path]; ok && !bytes.Equal(was, text) {
				h.before[path] = was
			}
			h.now[path] = text
		}
	}
}

// newest are the files of a pattern that were written last.
func newest(pattern string, n int) []string {
	paths, _ := filepath.Glob(pattern) // the pattern is well formed
	age := map[string]time.Time{}
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil {
			age[p] = info.ModTime()
		}
	}
	slices.SortFunc(paths, func(a, b string) int { return cmp.Or(age[b].Compare(age[a]), strings.Compare(a, b)) })
	return paths[:min(n, len(paths))]
}

// damage overwrites one of the newest records of a class in place. A file that a damage function refuses is passed over.
func damage(how func(w *world, path string, text []byte) []byte) func(*world, fault) (hit, error) {
	return func(w *world, f fault) (hit, error) {
		class, _ := pick(f, records) // there are some
		var all []damaged
		for _, path := range newest(filepath.Join(w.state, class.pattern), 8) {
			if text, err := os.ReadFile(path); err == nil && !w.history.lastCopy(path) {
				if after := how(w, path, text); after != nil && !bytes.Equal(text, after) {
					all = append(all, damaged{path, text, after})
				}
			}
		}
		c, err := pick(fault{roll: f.roll >> 8}, all)
		if err != nil {
			return hit{}, err
		}
		h := hit{note: class.class + " " + strings.TrimPrefix(c.path, w.state+"/")}
		if class.class == "revision" { // what the user wanted is lost with it, and typed again
			h.undo = func() error { return w.applyAgain() }
		}
		w.history.mu.Lock()
		w.history.damaged = append(w.history.damaged, c)
		w.history.mu.Unlock()
		return h, overwrite(c.path, c.after)
	}
}

// lastCopy reports whether a file holds what no other one does any more: an ended run is in its record and in its experiment's
// segment. Nobody can tell what became of it when both are damaged.
func (h *history) lastCopy(path string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	kind, experiment := holder(path)
	return kind != "" && slices.ContainsFunc(h.damaged, func(d damaged) bool {
		other, of := holder(d.path)
		if other == "" || other == kind || of != experiment {
			return false
		}
		now, err := os.ReadFile(d.path)
		return err == nil && bytes.Equal(now, d.after)
	})
}

// holder is which of the two files that hold ended runs a path is, and of which experiment; "" for other files.
func holder(path string) (kind, experiment string) {
	dir := filepath.Dir(path)
	switch {
	case strings.HasPrefix(filepath.Base(path), "segment-"):
		return "segment", filepath.Base(dir)
	case filepath.Base(path) == "run.json":
		return "run", filepath.Base(filepath.Dir(dir))
	}
	return "", ""
}

// damaged is what was done to a file.
type damaged struct {
	path          string
	before, after []byte
}

// mend gives damaged files back what they held, where they are still as they were damaged, and says which.
func (h *history) mend() (mended []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.damaged {
		if now, err := os.ReadFile(d.path); err == nil && bytes.Equal(now, d.after) && overwrite(d.path, d.before) == nil {
			mended = append(mended, filepath.Base(filepath.Dir(d.path))+"/"+filepath.Base(d.path))
		}
	}
	h.damaged = nil
	return mended
}

// overwrite changes a file in place, as no writer of assay does.
func overwrite(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

func halved(_ *world, _ string, text []byte) []byte { return text[:len(text)/2] }

func garbled(_ *world, _ string, text []byte) []byte {
	out := bytes.Clone(text)
	copy(out[len(out)/3:], "\x00\xff{{]")
	return out
}

func older(w *world, path string, _ []byte) []byte {
	w.history.mu.Lock()
	defer w.history.mu.Unlock()
	return w.history.before[path]
}

func removed(w *world, f fault) (hit, error) {
	pattern, _ := pick(f, []string{"status/*.json", "jobs/*/*/*/state.json", "events.jsonl", "targets/*.json"})
	path, err := pick(fault{roll: f.roll >> 8}, newest(filepath.Join(w.state, pattern), 8))
	if err != nil {
		return hit{}, err
	}
	return hit{note: strings.TrimPrefix(path, w.state+"/")}, os.Remove(path)
}

// saveSlurm keeps a copy of slurmctld's state, and the one before it.
func (w *world) saveSlurm(n int) error {
	to := filepath.Join(w.dir, "saved", fmt.Sprintf("%04d", n))
	if err := os.CopyFS(to, os.DirFS(filepath.Join(w.dir, "slurm", "state"))); err != nil {
		return errors.Join(err, os.RemoveAll(to)) // slurmctld replaced a file meanwhile: the next one will do
	}
	return os.RemoveAll(filepath.Join(w.dir, "saved", fmt.Sprintf("%04d", n-10)))
}

// savedSlurm is the second newest copy: one that is some seconds old.
func (w *world) savedSlurm() string {
	all, _ := filepath.Glob(filepath.Join(w.dir, "saved", "*")) // the pattern is well formed
	if len(all) < 2 {
		return ""
	}
	return all[len(all)-2]
}
