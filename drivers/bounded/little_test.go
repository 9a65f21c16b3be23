package bounded

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestLittle: input, both outputs and the exit code arrive; what the command left behind is not waited for, and its context ends it.
func TestLittle(t *testing.T) {
	sh := func(script string) *exec.Cmd { return exec.Command("/bin/sh", "-c", script) }
	out, errs, err := Little(t.Context(), sh("cat; echo said >&2; sleep 1000 & exit 3"), "input\n")
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 3 || string(out) != "input\n" || errs != "said\n" {
		t.Errorf("%q, %q, %v", out, errs, err)
	}
	if out, errs, err := Little(t.Context(), sh("exit 0"), "nobody reads it"); err != nil || len(out)+len(errs) > 0 {
		t.Errorf("%q, %q, %v", out, errs, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for _, script := range []string{"exec sleep 1000", "exec yes", "exec yes >&2"} { // what is printed is more than a pipe holds
		out, errs, err := Little(ctx, sh(script), "")
		if err == nil || len(out)+len(errs) > 2*maxErrors {
			t.Errorf("%s: %d bytes, %v", script, len(out)+len(errs), err)
		}
	}
	if _, _, err := Little(t.Context(), exec.Command("no-such-command"), ""); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("a command that is missing: %v", err)
	}
	if _, _, err := Little(t.Context(), sh("exit 0"), strings.Repeat("x", mostInput+1)); err == nil {
		t.Error("more input than a pipe holds was taken")
	}
}
