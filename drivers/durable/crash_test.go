package durable

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lifeEnv makes the test binary a process that writes, and is killed at a moment: "<dir> <moment>".
const lifeEnv = "ASSAY_DURABLE_TEST_LIFE"

func TestMain(m *testing.M) {
	if os.Getenv(lifeEnv) == "" {
		os.Exit(m.Run())
	}
	n, err := strconv.Atoi(os.Args[2])
	if err == nil {
		err = live(os.Args[1], n)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// live uses every way to write, once. It kills itself before or after the n-th system call, never if n is 0.
func live(dir string, n int) error {
	calls := 0
	w := Writer{Hook: func(string) {
		if calls++; calls == n {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}}
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, do := range []func() error{
		func() error { return w.ReplaceRecord(at("replaced"), claim{Nonce: "new"}, nil) },
		func() error { return w.CreateRecord(at("created"), claim{Nonce: "new"}, nil) },
		func() error { return w.Stream(at("streamed"), 0o700, writing(strings.Repeat("new\n", 1000))) },
		func() error { return adopt(w, at("adopted"), strings.Repeat("new\n", 1000)) },
		func() error { return w.MkdirAll(at("folder/inner")) },
		func() error { return w.Move(at("moved"), at("folder/moved")) },
		func() error { return w.Append(at("lines"), []byte("new")) },
		func() error { return w.Remove(at("removed")) },
	} {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// TestKilledBetweenAnyTwoCalls: whatever the moment, every file is the old one or the new one.
func TestKilledBetweenAnyTwoCalls(t *testing.T) {
	for n := 1; ; n++ {
		dir := t.TempDir()
		old, err := Encode(claim{Nonce: "old"})
		must(t, err)
		must(t, errors.Join(os.WriteFile(filepath.Join(dir, "replaced"), old, 0o600), os.WriteFile(filepath.Join(dir, "streamed"), []byte("old\n"), 0o600),
			os.WriteFile(filepath.Join(dir, "moved"), []byte("old"), 0o600), os.WriteFile(filepath.Join(dir, "lines"), []byte("old\n"), 0o600),
			os.WriteFile(filepath.Join(dir, "removed"), []byte("old"), 0o600), os.WriteFile(filepath.Join(dir, "adopted"), []byte("old\n"), 0o600)))
		if !killed(t, dir, n) {
			if n < 40 {
				t.Errorf("a life has only %d moments: the hook is not called", n)
			}
			return
		}
		whole(t, dir, n)
	}
}

func killed(t *testing.T, dir string, n int) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], dir, strconv.Itoa(n))
	c.Env = append(os.Environ(), lifeEnv+"=1")
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL && ctx.Err() == nil {
		return true
	}
	if err != nil {
		t.Fatalf("killed at %d: %v: %s", n, err, out)
	}
	return false
}

func whole(t *testing.T, dir string, n int) {
	t.Helper()
	is := func(name string, allowed ...string) {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			b = []byte("absent")
		}
		for _, a := range allowed {
			if bytes.Equal(b, []byte(a)) {
				return
			}
		}
		t.Errorf("killed at %d: %s is %.40q", n, name, b)
	}
	var r claim
	if err := ReadRecord(filepath.Join(dir, "replaced"), &r); err != nil || r.Nonce != "old" && r.Nonce != "new" {
		t.Errorf("killed at %d: %+v, %v", n, r, err)
	}
	if r, err := OptionalRecord[claim](filepath.Join(dir, "created")); err != nil || r != nil && r.Nonce != "new" {
		t.Errorf("killed at %d: %+v, %v", n, r, err)
	}
	is("streamed", "old\n", strings.Repeat("new\n", 1000))
	is("adopted", "old\n", strings.Repeat("new\n", 1000))
	is("moved", "old", "absent")
	is("folder/moved", "old", "absent")
	is("lines", "old\n", "old\nnew\n")
	is("removed", "old", "absent")
	_, from := os.Lstat(filepath.Join(dir, "moved"))
	_, to := os.Lstat(filepath.Join(dir, "folder", "moved"))
	if (from == nil) == (to == nil) {
		t.Errorf("killed at %d: a moved file is there twice, or not at all", n)
	}
	names, err := Names(dir)
	must(t, err)
	for _, name := range names {
		if strings.HasPrefix(name, tempPrefix) {
			t.Errorf("killed at %d: readers see %s", n, name)
		}
	}
}
