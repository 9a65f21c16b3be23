package resident

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"assay/drivers/durable"
	"assay/drivers/procid"
	"assay/reconciler/store"
)

const (
	lookEvery  = 200 * time.Millisecond
	startIn    = time.Minute // to get the lease: a holder that cannot be seen is given half of that
	stopIn     = 90 * time.Second
	mostOfTail = 16 << 20 // bytes of a log that is read for its end
	tailLines  = 10
)

// LogFile is the log of a detached controller, in the state directory.
const LogFile = "controller.log"

// Start starts a controller in a session of its own, and waits until it holds the lease.
func Start(ctx context.Context, st *store.Store, binary string, args []string, log string) (pid int, err error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return 0, fmt.Errorf("opening the controller's log: %w", err)
	}
	defer out.Close()
	cmd := exec.Command(binary, args...) // it outlives ctx
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = "/", out, out, &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("starting a controller: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	self := procid.Of(cmd.Process.Pid)
	for deadline := time.Now().Add(startIn); ; {
		select {
		case err := <-ended:
			return 0, fmt.Errorf("the controller ended at once (%w); its log %s ends with:\n%s", err, log, tail(log))
		case <-ctx.Done():
			_ = cmd.Process.Signal(syscall.SIGTERM)
			return 0, ctx.Err()
		case <-time.After(lookEvery):
		}
		h, holds, err := st.Holder()
		switch {
		case err == nil && holds && h.ID == self:
			return cmd.Process.Pid, nil
		case time.Now().After(deadline):
			_ = cmd.Process.Signal(syscall.SIGTERM)
			return 0, fmt.Errorf("the controller did not get the lease within %s; its log %s ends with:\n%s", startIn, log, tail(log))
		}
	}
}

// tail is the end of a log.
func tail(path string) string {
	b, err := durable.Read(path, mostOfTail)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

// ErrNone means that no controller holds the lease.
var ErrNone = errors.New("no controller runs")

// Stop ends the controller that holds the lease, if it runs here, and waits until it has released it. What it runs goes on.
func Stop(ctx context.Context, st *store.Store) (store.Holder, error) {
	h, holds, err := st.Holder()
	switch {
	case err != nil:
		return h, err
	case !holds:
		return h, ErrNone
	case h.What != What:
		return h, fmt.Errorf("assay %s (pid %d on %s) holds the lease, and is no controller; stop it where it runs, with: kill %d", h.What, h.PID, h.Host, h.PID)
	case h.State() != procid.Alive:
		return h, fmt.Errorf("the controller (pid %d on %s) cannot be seen from here; type there: assay controller stop. One in a job ends with: assay delete experiment %s", h.PID, h.Host, Name)
	}
	if err := syscall.Kill(h.PID, syscall.SIGTERM); err != nil {
		return h, fmt.Errorf("stopping the controller (pid %d): %w", h.PID, err)
	}
	for deadline := time.Now().Add(stopIn); ; {
		now, holds, err := st.Holder()
		if err == nil && (!holds || now.Epoch != h.Epoch) {
			return h, nil
		}
		if time.Now().After(deadline) {
			return h, fmt.Errorf("the controller (pid %d) has not ended within %s; it waits for what it has begun; end it now with: kill -9 %d", h.PID, stopIn, h.PID)
		}
		select {
		case <-ctx.Done():
			return h, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// What is a controller's name in the lease.
const What = "controller"
