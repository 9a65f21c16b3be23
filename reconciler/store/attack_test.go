package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers/durable"
	"assay/drivers/safefile"
	"assay/drivers/safefile/safefiletest"
)

// plant puts a program of the attacker where InstallBinary would copy the program at path, and returns its name.
func plant(t *testing.T, state, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	planted := filepath.Join(state, "bin", hex.EncodeToString(sum[:]), "assay")
	if err := errors.Join(os.MkdirAll(filepath.Dir(planted), 0o755), os.WriteFile(planted, []byte("#!/bin/sh\nid\n"), 0o755)); err != nil {
		t.Error(err)
	}
	return planted
}

// TestPlantedProgram: in a state directory that was open to all another user put a program under the name of ours.
func TestPlantedProgram(t *testing.T) {
	state := safefiletest.Shared(t, 0o777)
	ours := filepath.Join(safefiletest.Shared(t, 0o755), "assay")
	if err := os.WriteFile(ours, []byte("assay"), 0o755); err != nil {
		t.Fatal(err)
	}
	planted := ""
	safefiletest.As(t, safefiletest.Attacker, func() { planted = plant(t, state, ours) })
	if err := os.Chown(state, safefiletest.Victim, -1); err != nil {
		t.Fatal(err)
	}
	safefiletest.As(t, safefiletest.Victim, func() {
		if _, err := Open(state, Options{NoSync: true}); !errors.Is(err, safefile.ErrUnsafe) || !strings.Contains(err.Error(), "chmod go-w "+state) {
			t.Errorf("others can write in it: %v", err)
		}
		if err := os.Chmod(state, 0o700); err != nil { // as the message says
			t.Error(err)
		}
		s, err := Open(state, Options{NoSync: true})
		if !errors.Is(err, safefile.ErrForeign) || !strings.Contains(err.Error(), "bin") {
			t.Errorf("another user's folder of programs: %v", err)
		}
		if s == nil {
			return
		}
		if got, err := s.InstallBinary(ours); err == nil {
			t.Errorf("jobs are to run %s", got)
		}
	})
	if err := errors.Join(os.Chown(filepath.Join(state, "bin"), safefiletest.Victim, -1), os.Chown(filepath.Dir(planted), safefiletest.Victim, -1)); err != nil {
		t.Fatal(err)
	}
	safefiletest.As(t, safefiletest.Victim, func() {
		s, err := Open(state, Options{NoSync: true})
		if err != nil {
			t.Error(err)
			return
		}
		if got, err := s.InstallBinary(ours); !errors.Is(err, safefile.ErrUnsafe) || !strings.Contains(err.Error(), "rm -r "+filepath.Dir(planted)) {
			t.Errorf("jobs are to run %s: %v", got, err)
		}
	})
}

// TestProgramOfAnotherContent: a copy that is ours but is not what its name says is not run either.
func TestProgramOfAnotherContent(t *testing.T) {
	s, err := Open(t.TempDir(), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	ours := filepath.Join(t.TempDir(), "assay")
	if err := os.WriteFile(ours, []byte("assay"), 0o755); err != nil {
		t.Fatal(err)
	}
	plant(t, s.Dir(), ours)
	if got, err := s.InstallBinary(ours); err == nil || !strings.Contains(err.Error(), "its content is not") {
		t.Errorf("jobs are to run %s: %v", got, err)
	}
}

// TestAnotherUsersRecord: a record of another user is not read, whatever it says.
func TestAnotherUsersRecord(t *testing.T) {
	safefiletest.NeedsRoot(t)
	s, err := Open(t.TempDir(), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.Dir(), "revisions", "e", "000001.json")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(`{"schema": 1}`), 0o644), os.Chown(path, safefiletest.Attacker, -1)); err != nil {
		t.Fatal(err)
	}
	if _, err := durable.Read(path, 100); !errors.Is(err, durable.ErrForeign) {
		t.Errorf("%v", err)
	}
	if b, err := durable.ReadAny(path, 100); err != nil || len(b) == 0 {
		t.Errorf("%q, %v", b, err)
	}
}
