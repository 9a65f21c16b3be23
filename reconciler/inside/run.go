package inside

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"
)

// Run runs a command with these streams until it ends, and returns its exit code; 128 and the signal's number when a signal ended
// it. When ctx ends it gets SIGTERM; on a terminal Ctrl-C is its own already.
func Run(ctx context.Context, argv []string, in io.Reader, out, errs io.Writer, terminal bool) (code int, err error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, errs
	cmd.WaitDelay = time.Second // an input that is no file is not waited for
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	stop := context.AfterFunc(ctx, func() {
		if !terminal {
			_ = cmd.Process.Signal(syscall.SIGTERM) // it has ended, or ends
		}
	})
	defer stop()
	err = cmd.Wait()
	ended, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case errors.Is(err, exec.ErrWaitDelay):
		return 0, nil
	case !ok:
		return 0, err
	}
	if s, ok := ended.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return 128 + int(s.Signal()), nil
	}
	return ended.ExitCode(), nil
}
