package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/redact"
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

// TestKeysGoWithTheirExperiment: what assay made for the services of a deleted experiment opens nothing any more and is removed;
// the same name gets other keys, which are kept out of what is written too. Nothing else of the folder is touched.
func TestKeysGoWithTheirExperiment(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	key := func(experiment string) string { return drivers.KeyFile(s.Dir(), experiment, "llm", "VLLM_API_KEY") }
	slot := 0
	submit := func(experiment string) string {
		t.Helper()
		a, err := l.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: experiment, Group: "llm", Slot: slot}})
		check(t, err)
		slot++
		check(t, l.FirstDesired(a, drivers.AgentDesired{Processes: []drivers.Process{{Name: "llm", Secrets: map[string]string{"VLLM_API_KEY": key(experiment)}}}}))
		b, err := os.ReadFile(key(experiment))
		check(t, err)
		return string(b)
	}
	_, _, err := s.Accept(revision("exp", "1"))
	check(t, err)
	first := submit("exp")
	_, err = s.SecretValues() // it knows the first one
	check(t, err)
	kept := []string{key("exp-2"), key("ex"), drivers.PasswordFile(s.Dir(), "exp-2", "mon"), drivers.SecretFile(s.Dir(), drivers.ScrapeToken), key("monitors"), key("x")}
	gone := []string{key("exp"), drivers.KeyFile(s.Dir(), "exp", "docs", "K"), drivers.PasswordFile(s.Dir(), "exp", "mon"), drivers.CertificateFile(s.Dir(), "exp", "mon")}
	digest, err := s.PutSecret("the user's own")
	check(t, err)
	kept = append(kept, filepath.Join(s.SecretDir(), digest))
	for _, path := range append(kept, gone[1:]...) {
		check(t, os.WriteFile(path, []byte("made for "+path), 0o600))
	}
	deleted := revision("exp", "1")
	deleted.Deleting = true
	_, _, err = s.Accept(deleted)
	check(t, err)
	check(t, s.Forget(l, "exp"))
	for _, path := range kept {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("another's was removed: %v", err)
		}
	}
	for _, path := range gone {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	second := submit("exp")
	values, err := s.SecretValues()
	check(t, err)
	said := values.Message("port 1 of " + second + " answers")
	if second == first || strings.Contains(said, second) || !strings.Contains(redact.Of().Message("port 1 of "+second+" answers"), second) {
		t.Errorf("the new key is %q, the old one was %q; it is written as %q", second, first, said)
	}
}
