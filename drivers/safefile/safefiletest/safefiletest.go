// Package safefiletest lets a test run by root act as two other users of the machine: one who uses assay, and one who attacks.
package safefiletest

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Two users that no machine gives to a person.
const (
	Victim   = 64123
	Attacker = 64124
)

// NeedsRoot skips the test unless root runs it.
func NeedsRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("acting as two other users takes root")
	}
}

// As runs f as another user, who is in no group of anybody else. The kernel keeps credentials by thread: f runs on a thread of
// its own that ends with it, and must not start goroutines that touch files.
func As(t testing.TB, uid int, f func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends
		var err error
		defer func() { done <- err }()
		for _, call := range [][4]uintptr{{unix.SYS_SETGROUPS, 0, 0, 0}, {unix.SYS_SETRESGID, uintptr(uid), uintptr(uid), uintptr(uid)}, {unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)}} {
			if _, _, no := unix.RawSyscall(call[0], call[1], call[2], call[3]); no != 0 {
				err = no
				return
			}
		}
		f()
	}()
	if err := <-done; err != nil {
		t.Fatalf("becoming user %d: %v", uid, err)
	}
}

// Shared makes a folder that every user can enter, with this mode. It is removed with the test.
func Shared(t testing.TB, mode uint32) string {
	t.Helper()
	NeedsRoot(t)
	top, err := os.MkdirTemp("", "assay-shared-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	dir := top + "/d"
	for _, err := range []error{unix.Chmod(top, 0o755), os.Mkdir(dir, 0o700), unix.Chmod(dir, mode)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
