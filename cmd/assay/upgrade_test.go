package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// before is a commit whose assay keeps its state directory in format 1.
const before = "874c49cfec7997b18f5f7392827db764355f210e"

// upgraded is a manifest of one server that is measured; other numbers change nothing that runs. The older assay does not know
// auth, and gave its servers no key: auth: none leaves them so.
func upgraded(repeats int, limit, auth string) string {
	return fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: up}
spec:
  site: local
  services:
    - name: llm
      vllm: {model: m, simulate: {ttft: 2ms, itl: 1ms}}
      resources: {time: %s}%s
  benchmarks:
    - {name: q, target: llm, repeats: %d, serving: {dataset: choice, prompts: 20, outputTokens: 4, concurrency: 4, seed: 1}}
`, limit, auth, repeats)
}

// olderAssay builds assay as it was at a commit, or skips the test where the history is not there.
func olderAssay(t *testing.T, commit string) string {
	t.Helper()
	root, err := exec.CommandContext(t.Context(), "git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		t.Skip("this is no git repository, so no older assay can be built")
	}
	dir := t.TempDir()
	archive := filepath.Join(dir, "older.tar")
	git := exec.CommandContext(t.Context(), "git", "-C", strings.TrimSpace(string(root)), "archive", "-o", archive, commit)
	if out, err := git.CombinedOutput(); err != nil {
		t.Skipf("commit %.7s is not in the history that is here: %s", commit, out)
	}
	built := filepath.Join(dir, "older")
	for _, c := range []*exec.Cmd{exec.CommandContext(t.Context(), "tar", "-xf", archive), exec.CommandContext(t.Context(), "go", "build", "-o", built, "./cmd/assay")} {
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", c, err, out)
		}
	}
	return built
}

// TestUpgradeWhileJobsRun lets an older assay start a server and measure it, and this one go on: the server is the same
// process, a changed setting reaches it, the next repeat is measured, and the older assay is refused from then on.
func TestUpgradeWhileJobsRun(t *testing.T) {
	beside(t, 15*time.Second)
	if testing.Short() {
		t.Skip("building an older assay takes a while; run without -short")
	}
	w := newTestWorld(t)
	older := olderAssay(t, before)
	old := func(args ...string) (string, error) {
		c := exec.CommandContext(t.Context(), older, append([]string{"--state", w.state}, args...)...)
		c.Dir, c.Env = w.dir, w.env
		out, err := c.CombinedOutput()
		return string(out), err
	}
	if out, err := old("apply", "-f", w.write("up.yaml", upgraded(1, "1h", "")), "--timeout", "90s"); err != nil {
		t.Fatalf("the older assay: %v\n%s", err, out)
	}
	was := w.seat("up", "llm")
	if !was.Ready || was.PID == 0 {
		t.Fatalf("it is seen as %+v", was)
	}

	w.controller()
	w.must("apply", "-f", w.write("up.yaml", upgraded(2, "2h", "\n      auth: none")), "--timeout", "90s")
	is := w.seat("up", "llm")
	if !is.Ready || is.PID != was.PID || is.JobID != was.JobID || is.Restarts != was.Restarts {
		t.Errorf("the server was %+v and is %+v", was, is)
	}
	w.until("the new limit", 30*time.Second, func() (bool, string) {
		a := onlyAttempt(t, w.state)
		return a.Limit.Std() == 2*time.Hour && a.Refused == "", fmt.Sprintf("%+v", a)
	})
	for _, r := range w.counted("up") {
		if r.Phase != v1alpha1.RunComplete {
			t.Errorf("run %s is %s", r.ID, r.Phase)
		}
	}
	if n := len(w.counted("up")); n != 2 {
		t.Errorf("%d runs", n)
	}

	w.write("up.yaml", upgraded(2, "2h", "")) // what it can read
	for _, args := range [][]string{{"get", "services"}, {"apply", "-f", "up.yaml"}, {"plan", "-f", "up.yaml"}} {
		if out, err := old(args...); err == nil || !strings.Contains(out, "newer assay") {
			t.Errorf("the older assay may %s: %v\n%s", args[0], err, out)
		}
	}
	w.must("delete", "experiment", "up", "--yes", "--timeout", "60s")
}

// onlyAttempt is the one attempt on record.
func onlyAttempt(t *testing.T, state string) plan.Attempt {
	t.Helper()
	st, err := store.Open(state, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := st.Attempts()
	if err != nil || len(all) != 1 {
		t.Fatalf("attempts: %+v, %v", all, err)
	}
	return all[0]
}

// TestReadersOfADirectoryThatTakesNoWrites mounts the state directory read-only, where that is permitted, and looks.
func TestReadersOfADirectoryThatTakesNoWrites(t *testing.T) {
	beside(t, 15*time.Second)
	w := newTestWorld(t)
	w.must("apply", "-f", w.write("kept.yaml", promised), "--timeout", "60s")
	script := `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"`
	look := func(args ...string) (string, error) {
		c := w.shell("unshare", append([]string{"-rm", "sh", "-c", script, "sh", w.state, binary, "--state", w.state}, args...)...)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	if out, err := w.shell("unshare", "-rm", "sh", "-c", script, "sh", w.state, "true").CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %s", out)
	}
	for _, args := range [][]string{{"get", "services"}, {"describe", "service", "web"}, {"events"}, {"history", "kept"}} {
		if out, err := look(args...); err != nil || args[0] == "get" && !strings.Contains(out, "Ready") {
			t.Errorf("%s: %v\n%s", args[0], err, out)
		}
	}
	out, err := look("apply", "-f", filepath.Join(w.dir, "kept.yaml"))
	if err == nil || !strings.Contains(out, "read-only") {
		t.Errorf("apply: %v\n%s", err, out)
	}
	w.must("delete", "experiment", "kept", "--yes", "--timeout", "60s")
}
