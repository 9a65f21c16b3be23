package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/bounded"
)

const (
	localTimeout = 10 * time.Second // git on files that are here
	fetchTimeout = 2 * time.Minute  // git across the network

	// What git may take for a repository that somebody else has filled: of memory in bytes, its files that are mapped not
	// counted, and of what it prints. A branch of 100,000 files is listed in 10 MiB.
	localMemory = 256 << 20
	fetchMemory = 1 << 30
	maxPrinted  = 16 << 20
)

// gitCopy is a repository of our own without a work tree: nobody else writes its configuration. Objects is a folder of
// further objects, those of another repository, and index the file of what is staged; both can be empty.
type gitCopy struct{ dir, objects, index string }

// settings hold for every call: nothing runs that a repository, its attributes or a template names, a repository is never
// looked for, and references and objects mean what they are.
var settings = []string{"--no-optional-locks", "--no-replace-objects", "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false",
	"-c", "core.hooksPath=/dev/null", "-c", "core.attributesFile=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
	"-c", "submodule.recurse=false", "-c", "protocol.ext.allow=never", "-c", "pack.threads=1"}

// git runs git on the copy and returns what it prints. Settings, as "-c name=value", come before the command.
func (c gitCopy) git(ctx context.Context, timeout time.Duration, args ...string) ([]byte, error) {
	return c.gitWith(ctx, timeout, nil, args...)
}

// gitWith is git that reads stdin.
func (c gitCopy) gitWith(ctx context.Context, timeout time.Duration, stdin io.Reader, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	command := args[0]
	for i := 0; i+2 < len(args) && args[i] == "-c"; i += 2 {
		command = args[i+2]
	}
	cmd := exec.CommandContext(ctx, "git", slices.Concat([]string{"-C", c.dir, "--git-dir=" + c.dir}, settings, args)...)
	cmd.Env, cmd.Stdin = c.environment(), stdin
	// A session of its own has no terminal for ssh to ask on, and ends as a whole.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	printed := bounded.Capture(cmd, maxPrinted)
	err := cmd.Start()
	if err == nil {
		memory := uint64(localMemory)
		if timeout != localTimeout {
			memory = fetchMemory
		}
		limit := unix.Rlimit{Cur: memory, Max: memory}
		_ = unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_DATA, &limit, nil) // it can have ended already
		err = cmd.Wait()
	}
	out, errs, err := printed.Result(err)
	_, tooLarge := errors.AsType[*bounded.TooLarge](err)
	switch {
	case tooLarge:
		return nil, fmt.Errorf("git %s printed more than %d MiB and was ended: give a folder with fewer files", command, maxPrinted>>20)
	case err == nil:
		return out, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("git %s took longer than %s and was ended", command, timeout)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	if text := strings.Join(strings.Fields(errs[:min(len(errs), maxGitWord)]), " "); text != "" {
		err = fmt.Errorf("%s (%w)", printable(withoutUsers(text)), err)
	}
	return nil, fmt.Errorf("git %s: %w", command, err)
}

// init makes the copy, once. Hashes of its objects have so many letters.
func (c gitCopy) init(ctx context.Context, letters int) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return fmt.Errorf("making a folder for its copy: %w", err)
	}
	if _, err := os.Stat(c.dir + "/HEAD"); err == nil {
		return nil
	}
	args := []string{"init", "--quiet", "--bare", "--template="}
	if letters == sha256Letters {
		args = append(args, "--object-format=sha256")
	}
	_, err := c.git(ctx, localTimeout, args...)
	return err
}

// environment is that of this process without the variables that point git at another repository, which a git hook sets, or
// at a program to compare with.
func (c gitCopy) environment() []string {
	redirects := []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_PREFIX",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_EXTERNAL_DIFF", "GIT_TEMPLATE_DIR", "GIT_SHALLOW_FILE", "GIT_ATTR_SOURCE"}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(redirects, name)
	})
	env = append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_LITERAL_PATHSPECS=1", "GIT_ATTR_NOSYSTEM=1", "GIT_PAGER=cat",
		"GIT_ALLOW_PROTOCOL=file:git:http:https:ssh")
	if c.objects != "" { // in quotes, so that a colon does not end it
		env = append(env, `GIT_ALTERNATE_OBJECT_DIRECTORIES="`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(c.objects)+`"`)
	}
	if c.index != "" {
		env = append(env, "GIT_INDEX_FILE="+c.index)
	}
	return env
}

// users match what can be a secret in an address that git prints: the user, and a query.
var users = regexp.MustCompile(`(://)[^/@\s'"]*@|(://[^?\s'"]*)\?[^\s'"]*`)

// withoutUsers is a text of git without them: an address can come from the user's own url.*.insteadOf.
func withoutUsers(text string) string { return users.ReplaceAllString(text, "$1$2") }
