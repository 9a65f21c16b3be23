package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/drivers/durable"
	"assay/drivers/procid"
	"assay/reconciler/store"
)

// TestTakeoverFromAFrozenController is finding C25: the holder of the lease is frozen in another pid namespace, with the same
// home. Its successor does the work, with a Prometheus of its own, and goes on when the former holder thaws and ends.
func TestTakeoverFromAFrozenController(t *testing.T) {
	beside(t, 40*time.Second)
	if testing.Short() {
		t.Skip("it waits until a lease has expired; run without -short")
	}
	if out, err := exec.Command("unshare", "--pid", "--fork", "--mount-proc", "true").CombinedOutput(); err != nil {
		t.Skipf("making a pid namespace is not permitted here: %v: %s", err, out)
	}
	w := newTestWorld(t)
	w.must("apply", "-f", w.write("none.yaml", strings.ReplaceAll(fencedServices[:strings.Index(fencedServices, "  services:")], "SITE", "local")), "--timeout", "1m")
	first := w.shell("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", binary, "--state", w.state, "controller")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = first.Wait() // it ends because it lost the lease
		close(ended)
	}()
	address := func() string {
		var at procid.Address
		_ = durable.ReadRecord(filepath.Join(w.state, store.PrometheusFile), &at) // none yet: empty
		return at.URL
	}
	w.until("the first controller works", 30*time.Second, func() (bool, string) { return address() != "", "" })
	before := address()
	inside := childOf(t, first.Process.Pid)
	if err := syscall.Kill(inside, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(w.dir, "second.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var second *exec.Cmd
	died := make(chan error, 1)
	died <- nil
	w.until("another controller works, with a Prometheus of its own", 2*time.Minute, func() (bool, string) {
		select {
		case <-died: // exit code 5 as long as the lease is held
			second = w.command(t.Context(), "controller")
			second.Stdout, second.Stderr = log, log
			if err := second.Start(); err != nil {
				t.Fatal(err)
			}
			go func(c *exec.Cmd) { died <- c.Wait() }(second)
		default:
		}
		b, _ := os.ReadFile(log.Name())
		return address() != "" && address() != before, string(b[max(0, len(b)-600):])
	})
	if err := syscall.Kill(inside, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(60 * time.Second):
		t.Error("the former holder goes on without the lease")
	}
	select {
	case err := <-died:
		b, _ := os.ReadFile(log.Name())
		t.Errorf("nobody is left: %v\n%s", err, b)
	default:
	}
	if address() == "" {
		t.Error("the former holder took its successor's address away")
	}
}

// childOf is the only child of a process.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	var child int
	if _, scanned := fmt.Sscan(string(b), &child); err != nil || scanned != nil {
		t.Fatalf("the children of %d are %q, %v", pid, b, err)
	}
	return child
}
