package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// web is a manifest whose server's folder names the version.
func web(root string) string {
	return fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: web}
spec:
  site: local
  services:
    - name: web
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)", --root, %s], probe: /healthz}
`, root)
}

// buffer is a stream that a test reads while a process writes it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// follow starts a following command and returns its output; it ends with the test.
func (w *testWorld) follow(args ...string) *buffer {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := w.command(ctx, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	out := &buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { cancel(); _ = cmd.Wait() }) // interrupted: 130 is right
	return out
}

// serves waits until the web service runs from root, in the state that the command line reports.
func (w *testWorld) serves(root string) {
	w.t.Helper()
	w.until("serving "+root, time.Minute, func() (bool, string) {
		s := w.seat("web", "web")
		cmd, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", s.PID))
		return err == nil && s.Ready && strings.Contains(string(cmd), "\x00"+root+"\x00"), fmt.Sprintf("%+v %q", s, cmd)
	})
}

// TestWatch edits a followed file in every way that editors and people do.
func TestWatch(t *testing.T) {
	beside(t, 15*time.Second)
	w := newTestWorld(t)
	for _, d := range []string{"/a", "/b", "/c"} {
		if err := os.Mkdir(w.dir+d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	file := w.write("web.yaml", web(w.dir+"/a"))
	out := w.follow("watch", "-f", file, "--poll", "200ms", "--quiet", "300ms", "--hold", "1s")
	w.serves(w.dir + "/a")
	job := w.seat("web", "web").JobID

	w.write("web.yaml", web(w.dir+"/b")) // by rename
	w.serves(w.dir + "/b")

	if err := os.WriteFile(file, []byte(web(w.dir+"/c")), 0o600); err != nil { // by truncation
		t.Fatal(err)
	}
	w.serves(w.dir + "/c")

	w.write("web.yaml", strings.Replace(web(w.dir+"/a"), "probe:", "prob:", 1)) // broken
	w.until("the mistake said", time.Minute, func() (bool, string) {
		return strings.Contains(out.String(), "web.yaml:8:") && strings.Contains(out.String(), "did you mean probe?"), out.String()
	})
	w.serves(w.dir + "/c")

	w.write("web.yaml", web(w.dir+"/a")) // mended
	w.serves(w.dir + "/a")
	if now := w.seat("web", "web").JobID; now != job {
		t.Errorf("job %s became %s: edits of a command must stay in their allocation", job, now)
	}
	w.delete("web")
}

func (w *testWorld) delete(name string) {
	w.must("delete", "experiment", name, "--yes", "--timeout", "1m")
}

// TestSync follows a real git repository through a good, a broken and a reverted commit.
func TestSync(t *testing.T) {
	beside(t, 15*time.Second)
	w := newTestWorld(t)
	repo := filepath.Join(w.dir, "repo")
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", repo, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	for _, d := range []string{"/a", "/b", "/repo"} {
		if err := os.Mkdir(w.dir+d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(text string) string {
		t.Helper()
		w.write("repo/web.yaml", text)
		git("add", "web.yaml")
		git("commit", "-qm", "edit")
		return git("rev-parse", "HEAD")
	}
	git("init", "-q", "-b", "main")
	first := commit(web(w.dir+"/a") + `    - name: llm
      vllm: {model: m1, simulate: {ttft: 1ms, itl: 1ms}}
  benchmarks:
    - {name: q, target: llm, serving: {dataset: choice, prompts: 20, outputTokens: 8, concurrency: 4}}
`)
	w.trustGit()
	out := w.follow("sync", "--repo", repo, "--ref", "main", "--path", ".", "--every", "1s")
	w.serves(w.dir + "/a")
	w.until("a run that names its commit", time.Minute, func() (bool, string) {
		runs := w.must("get", "runs", "-o", "json")
		return strings.Contains(runs, `"phase": "Complete"`) && strings.Contains(runs, `"commit": "`+first+`"`), runs
	})

	second := commit(web(w.dir + "/b"))
	w.serves(w.dir + "/b")

	commit("apiVersion: assay/v1alpha1\nkind: Experimnt\n")
	w.until("the mistake said", time.Minute, func() (bool, string) {
		return strings.Contains(out.String(), "did you mean Experiment?"), out.String()
	})
	w.serves(w.dir + "/b")

	git("revert", "--no-edit", "HEAD")
	git("revert", "--no-edit", second)
	w.serves(w.dir + "/a")
	last := git("rev-parse", "HEAD")
	history := w.must("history", "web", "-o", "json")
	for _, c := range []string{first, second, last} {
		if !strings.Contains(history, c) {
			t.Errorf("commit %s is in no revision:\n%s", c, history)
		}
	}
	w.delete("web")
}

// TestWatchPrunesOnlyItsOwn removes a manifest from a followed folder: without --prune its experiment stays, with it goes,
// and what was applied by hand is never touched.
func TestWatchPrunesOnlyItsOwn(t *testing.T) {
	beside(t, 15*time.Second)
	w := newTestWorld(t)
	folder := filepath.Join(w.dir, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	w.must("apply", "-f", w.write("hand.yaml", named("by-hand")), "--timeout", "60s")
	w.write("folder/one.yaml", named("one"))
	w.write("folder/two.yaml", named("two"))
	exists := func(name string) bool { return w.status(name).Name != "" }
	out := w.follow("watch", "-f", folder, "--poll", "200ms", "--quiet", "300ms", "--hold", "1s")
	w.until("both up", time.Minute, func() (bool, string) { return exists("one") && exists("two"), out.String() })
	if err := os.Remove(filepath.Join(folder, "two.yaml")); err != nil {
		t.Fatal(err)
	}
	w.until("OutOfSync said", time.Minute, func() (bool, string) {
		return strings.Contains(out.String(), "experiment/two OutOfSync"), out.String()
	})
	pruning := w.follow("watch", "-f", folder, "--poll", "200ms", "--quiet", "300ms", "--hold", "1s", "--prune")
	w.until("two is gone", time.Minute, func() (bool, string) { return !exists("two"), pruning.String() })
	if !exists("by-hand") || !exists("one") || strings.Contains(out.String(), "by-hand OutOfSync") {
		t.Errorf("what is not its own was touched:\n%s\n%s", out, pruning)
	}
	w.must("delete", "experiment", "one", "by-hand", "--yes", "--timeout", "1m")
}

// TestOneController: a second controller is refused with its own exit code, apply hands over to the first, and a killed one
// is followed by the next at once.
func TestOneController(t *testing.T) {
	beside(t, 5*time.Second)
	w := newTestWorld(t)
	kill := w.controller()
	w.until("the lease", 20*time.Second, func() (bool, string) {
		_, errs, code := w.run("controller", "--help")
		files, _ := filepath.Glob(filepath.Join(w.state, "lease", "*.json"))
		return code == 0 && len(files) == 1, errs
	})
	if _, errs, code := w.run("controller"); code != exitLeaseHeld || !strings.Contains(errs, "holds the lease") {
		t.Errorf("a second controller exits %d and says %s", code, errs)
	}
	_, errs, code := w.run("apply", "-f", w.write("web.yaml", web("/tmp")), "--timeout", "60s")
	if code != 0 || !strings.Contains(errs, "following it") {
		t.Errorf("apply beside a controller exits %d and says %s", code, errs)
	}
	job := w.seat("web", "web").JobID
	kill()
	if out := w.must("apply", "-f", w.write("web.yaml", web("/tmp")), "--timeout", "60s"); !strings.Contains(out, "unchanged") {
		t.Errorf("after the kill: %s", out)
	}
	if now := w.seat("web", "web").JobID; now != job || now == "" {
		t.Errorf("job %q became %q", job, now)
	}
	w.delete("web")
}
