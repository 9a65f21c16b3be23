package agent

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// TestPredecessors: a server of an earlier job of the seat that is over is ended by the next agent; one of a job that may be
// alive, and one of another seat, are left alone.
func TestPredecessors(t *testing.T) {
	seats := t.TempDir()
	mine := filepath.Join(seats, "llm-0", "new")
	server := func(seat, nonce, stop string) *exec.Cmd {
		dir := filepath.Join(seats, seat, nonce)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := (durable.Writer{}).ReplaceRecord(filepath.Join(dir, drivers.DesiredFile), drivers.AgentDesired{Nonce: nonce, Stop: stop}, nil); err != nil {
			t.Fatal(err)
		}
		c := exec.Command("sleep", "60")
		c.Env = append(os.Environ(), jobMarker+dir)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
		return c
	}
	over, alive, other := server("llm-0", "old", "it was replaced"), server("llm-0", "present", ""), server("llm-1", "old", "it was replaced")
	ended := make(chan error, 1)
	go func() { ended <- over.Wait() }()
	endPredecessors(t.Context(), mine)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the server of the job that is over lives on")
	}
	for _, c := range []*exec.Cmd{alive, other} {
		if err := c.Process.Signal(syscall.Signal(0)); err != nil {
			t.Errorf("a server was ended that must not be: %v", err)
		}
	}
}
