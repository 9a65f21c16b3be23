package reconciler

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"assay/reconciler/store"
)

// errEnded is the harm of a controller that gives up: nobody looks after anything any more.
var errEnded = errors.New("a controller ended although no other one holds the lease")

// disk is what is wrong with the state directory.
type disk struct {
	err    error // of every write; nil: it takes them
	until  time.Time
	backup map[string][]byte // files as they were a while ago
}

// fault is the error of a write now.
func (w *sim) fault(string) error { return w.disk.err }

// fill lets the state directory take no writes for a while.
func (w *sim) fill() {
	w.disk.err = []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO}[w.rng.IntN(3)]
	w.disk.until = w.cluster.Now().Add(w.upTo(50 * time.Second))
	w.note("the state directory takes no writes: %v", w.disk.err)
}

// room lets it take writes again.
func (w *sim) room() {
	if w.disk.err != nil {
		w.note("the state directory takes writes again")
	}
	w.disk.err = nil
}

// harm tears a record, cuts it off, or puts an older one in its place, as a restored backup does.
func (w *sim) harm() {
	path := w.someRecord()
	b, err := os.ReadFile(path)
	if err != nil {
		return
	}
	old, kept := w.disk.backup[path]
	what := w.rng.IntN(4)
	switch {
	case what == 0 && kept:
		b = old
	case what == 1:
		b = nil
	case what == 2:
		b = slices.Concat(b[:len(b)/3], []byte("\x00\x00\xff"), b[len(b)/3:])
	default:
		b = b[:len(b)/2]
	}
	rel, _ := filepath.Rel(w.dir, path)
	w.note("damage of %s, kind %d, an older one: %v", filepath.Dir(filepath.Dir(rel)), what, kept)
	must(func() error { return os.WriteFile(path, b, 0o600) })
}

// someRecord picks a file, by what does not depend on random names.
func (w *sim) someRecord() string {
	attempts, err := w.store.Attempts()
	if _, err = store.Tolerate(err); err != nil {
		return ""
	}
	kinds := []string{"revisions/exp/0*.json", "runs/exp/*/run.json", "status/exp.json", "targets/assay.json", "lease/*.json", "intents", "intents", "desired", "state"}
	kind := kinds[w.rng.IntN(len(kinds))]
	n := w.rng.IntN(1000)
	switch {
	case len(attempts) == 0 && (kind == "intents" || kind == "desired" || kind == "state"):
		return ""
	case kind == "intents":
		return intentFile(w.dir, attempts[n%len(attempts)].Nonce)
	case kind == "desired" || kind == "state":
		a := attempts[n%len(attempts)]
		return filepath.Join(w.store.JobDir(a.Seat, a.Nonce), kind+".json")
	}
	found, err := filepath.Glob(filepath.Join(w.dir, kind))
	if err != nil || len(found) == 0 {
		return ""
	}
	if kind == kinds[0] {
		return found[len(found)-1] // the newest
	}
	return found[n%len(found)]
}

// backUp keeps all records as they are now.
func (w *sim) backUp() {
	w.note("a backup is made")
	w.disk.backup = map[string][]byte{}
	for _, pattern := range []string{"*/*.json", "*/*/*.json", "*/*/*/*.json", "*/*/*/*/*.json"} {
		found, _ := filepath.Glob(filepath.Join(w.dir, pattern))
		for _, path := range found {
			if b, err := os.ReadFile(path); err == nil {
				w.disk.backup[path] = b
			}
		}
	}
}

// ends notes a controller that ended without a reason.
func (w *sim) ends(err error) {
	if errors.Is(err, store.ErrLeaseLost) {
		w.broken = fmt.Errorf("%w: %w", errEnded, err)
	}
}

// dropDamaged takes an attempt whose record is damaged for none.
func (w *sim) dropDamaged() {
	if !w.v.dropDamaged {
		return
	}
	if _, err := w.store.Attempts(); err != nil {
		damages, _ := store.Tolerate(err)
		for _, d := range damages {
			if path := intentFile(w.dir, d.Attempt.Nonce); exists(path) {
				must(func() error { return os.Remove(path) })
			}
		}
	}
}

// giveUp is a controller that ends when it cannot write.
func (w *sim) giveUp(err error) error {
	if w.v.giveUp && errors.Is(err, errPaused) {
		return store.ErrLeaseLost
	}
	return err
}

// TestASubmissionThatCouldNotBeNoted: the scheduler takes half a minute to accept a job, and then the note of that cannot be
// written. The job is not in the next listing yet, and is not submitted again because of it.
func TestASubmissionThatCouldNotBeNoted(t *testing.T) {
	w := calm(t)
	w.settled(t)
	armed := true
	w.crash = func(call string) bool {
		switch {
		case armed && call == "before Submit":
			w.flights.now.call = call
			w.flights.now.wait(30 * time.Second)
		case armed && call == "after Submit":
			armed, w.disk.err = false, syscall.EIO
		}
		return false
	}
	w.slots = 2
	w.apply()
	for range 60 {
		w.pass()
		w.disk.err = nil
		if err := w.check(); err != nil {
			t.Fatal(err)
		}
		w.cluster.Advance(time.Second)
		w.land()
	}
	if armed {
		t.Error("nothing was submitted")
	}
}
