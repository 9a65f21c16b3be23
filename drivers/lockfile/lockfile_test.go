package lockfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"assay/drivers/procid"
)

// TestLockMoves shows that a holder touches its lock, and that a lock that moves is not taken over.
func TestLockMoves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l, err := Acquire(t.Context(), path, Timing{Touch: time.Millisecond, Poll: time.Millisecond, Stale: time.Hour}, func() bool { return false }, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, first := Inspect(path)
	for now := first; now == first; time.Sleep(time.Millisecond) {
		_, now = Inspect(path)
	}
	if err := takeAway(path, first); err != nil {
		t.Fatal(err)
	}
	if who, _ := Inspect(path); who != procid.Self() {
		t.Errorf("a lock that moves was taken away: %v", who)
	}
	l.Release()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock is still there: %v", err)
	}
}
