package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	localTimeout = 10 * time.Second // git on files that are here
	fetchTimeout = 2 * time.Minute  // git across the network
)

// git runs git in dir and returns what it prints. Settings, as "-c name=value", come before the command.
func git(ctx context.Context, timeout time.Duration, dir string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	command := args[0]
	if command == "-c" {
		command = args[2]
	}
	args = append([]string{"-C", dir, "--no-optional-locks", "-c", "core.fsmonitor=false"}, args...)
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = gitEnv()
	// A session of its own has no terminal for ssh to ask on, and ends as a whole.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("git %s took longer than %s and was ended", command, timeout)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	if text := strings.Join(strings.Fields(errs.String()), " "); text != "" {
		err = fmt.Errorf("%s (%w)", text, err)
	}
	return nil, fmt.Errorf("git %s: %w", command, err)
}

// gitEnv is the environment of this process without the variables that point git at another repository; a git hook sets them.
func gitEnv() []string {
	redirects := []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_PREFIX"}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(redirects, name)
	})
	return append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_LITERAL_PATHSPECS=1", "GIT_ALLOW_PROTOCOL=file:git:http:https:ssh")
}
