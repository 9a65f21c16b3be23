package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers"
	"assay/reconciler/plan"
)

// TestKeysAreMadeOnce: before an agent is told of a process its key is there, private, and stays as it is for every later job
// and every later controller. A secret of the user's that is gone is not made up.
func TestKeysAreMadeOnce(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	file := drivers.KeyFile(s.Dir(), "exp", "llm", "VLLM_API_KEY")
	gone := filepath.Join(s.SecretDir(), "0123456789abcdef0123456789abcdef")
	told := drivers.AgentDesired{Processes: []drivers.Process{{Name: "llm", Secrets: map[string]string{"VLLM_API_KEY": file, "HF_TOKEN": gone}}}}
	slot := 0
	read := func() string {
		t.Helper()
		b, err := os.ReadFile(file)
		check(t, err)
		info, err := os.Stat(file)
		check(t, err)
		if info.Mode().Perm() != 0o600 || len(b) != 64 {
			t.Errorf("%d bytes, %s", len(b), info.Mode())
		}
		return string(b)
	}
	tell := func(l *Lease) string {
		t.Helper()
		seat := drivers.Seat{Experiment: "exp", Group: "llm", Slot: slot}
		slot++ // the first is told as a submission tells
		a, err := l.Begin(plan.Attempt{Seat: seat})
		check(t, err)
		if slot%2 == 0 {
			_, err = l.WriteDesired(seat, a.Nonce, told)
		} else {
			err = l.FirstDesired(a, told)
		}
		check(t, err)
		return read()
	}
	key := tell(l)
	if again := tell(l); again != key {
		t.Error("a second job has another key")
	}
	check(t, l.Release())
	if again := tell(acquire(t, open(t, s.Dir()))); again != key {
		t.Error("a second controller made another key")
	}
	if _, err := os.Stat(gone); err == nil {
		t.Error("a secret that the user gave was made up")
	}
	if all, err := s.SecretValues(); err != nil || strings.Contains(all.Message("the key "+key), key) {
		t.Errorf("it is not among the values to keep out of what is written: %v", err)
	}
}
