package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"assay/drivers/bounded"
)

const (
	endGrace  = 15 * time.Second // a runtime that is ended removes what it was building
	tailBytes = 4 << 10
	tailLines = 8
)

// run runs a container runtime and returns the end of its output. Its process group ends with ctx.
func run(ctx context.Context, limit time.Duration, env []string, argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Not SIGINT: a program that a script starts in the background ignores it.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = endGrace
	out := tail{bounded.Tail{Limit: tailBytes}}
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // processes that it left behind
	}
	switch {
	case err == nil:
		return out.String(), nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", fmt.Errorf("%s %s took longer than %s and was ended", argv[0], argv[1], limit)
	case ctx.Err() != nil:
		return "", ctx.Err()
	}
	if text := out.String(); text != "" {
		return "", fmt.Errorf("%s %s (%w):\n%s", argv[0], argv[1], err, text)
	}
	return "", fmt.Errorf("%s %s: %w", argv[0], argv[1], err)
}

// tail is the end of what a runtime says.
type tail struct{ bounded.Tail }

// String is the last lines, without the states of progress bars that were overwritten.
func (t *tail) String() string {
	var lines []string
	for line := range strings.Lines(t.Tail.String()) {
		line = strings.TrimRight(line, "\r\n")
		line = strings.TrimSpace(line[strings.LastIndexByte(line, '\r')+1:])
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(len(lines)-tailLines, 0):], "\n")
}
