package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNoVerbRunsWhatARepositoryNames reads a manifest in a clone whose configuration names programs, and beside which lies a
// bare repository that does the same, with every verb that reads one.
func TestNoVerbRunsWhatARepositoryNames(t *testing.T) {
	beside(t, 75*time.Second)
	w := newTestWorld(t)
	git := w.gitRepo("repo")
	repo := filepath.Join(w.dir, "repo")
	canary := filepath.Join(w.dir, "canary")
	file := w.write("repo/e.yaml", "apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e}\nspec:\n  site: local\n  services:\n    - {name: llm, vllm: {model: m, simulate: {ttft: 1ms}}}\n")
	w.write("repo/.gitattributes", "* filter=f diff=f\n")
	git("add", "--all")
	git("commit", "-qm", "first")
	git("clone", "-q", "--bare", repo, filepath.Join(w.dir, "bare"))
	run := "touch " + canary + "; false"
	armed := fmt.Sprintf("[core]\n\tfsmonitor = %[1]q\n\tsshCommand = %[1]q\n\tgitProxy = %[1]q\n\tpager = %[1]q\n\thooksPath = %[2]q\n[filter \"f\"]\n\tclean = %[1]q\n\tsmudge = %[1]q\n\tprocess = %[1]q\n"+
		"[diff]\n\texternal = %[1]q\n[diff \"f\"]\n\ttextconv = %[1]q\n[alias]\n\tstatus = \"!%[1]s\"\n[credential]\n\thelper = \"!%[1]s\"\n", run, w.dir)
	w.write("repo/.git/config", "[core]\n\trepositoryformatversion = 0\n"+armed)
	if err := os.Rename(filepath.Join(w.dir, "bare"), filepath.Join(repo, "theirs")); err != nil {
		t.Fatal(err)
	}
	inner := w.write("repo/theirs/i.yaml", strings.Replace(mustRead(t, file), "name: e}", "name: i}", 1))
	w.write("repo/theirs/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n"+armed)
	w.write("repo/theirs/info/attributes", "* filter=f diff=f\n")
	w.write("repo/e.yaml", mustRead(t, file)+"# edited\n")
	for _, path := range []string{file, repo, inner, filepath.Dir(inner)} {
		for _, verb := range [][]string{{"plan"}, {"plan", "--dry-run"}, {"diff"}, {"pull"}, {"delete", "--yes"}, {"apply", "--dry-run"}, {"apply", "--timeout", "60s"}, {"delete", "--yes"}} {
			if _, errs, code := w.run(append(verb, "-f", path)...); code == exitManifest || code == exitInterrupted {
				t.Errorf("%v -f %s exits %d: %s", verb, path, code, errs)
			}
			w.unrun(canary, fmt.Sprint(verb, path))
		}
		out := w.follow("watch", "-f", path, "--poll", "100ms", "--quiet", "100ms")
		w.until("watched", time.Minute, func() (bool, string) { return strings.Contains(out.String(), "experiment/"), out.String() })
		w.unrun(canary, "watch "+path)
		w.must("delete", "-f", path, "--yes", "--timeout", "1m")
	}
	for _, args := range [][]string{{"--repo", repo}, {"--repo", filepath.Join(repo, "theirs")}} {
		_, _, _ = w.run(append([]string{"sync", "--once"}, args...)...)
		w.unrun(canary, fmt.Sprint("sync", args))
	}
	_, _, _ = w.run("delete", "experiment", "e", "--yes", "--timeout", "1m")
}

func (w *testWorld) unrun(canary, what string) {
	w.t.Helper()
	if _, err := os.Stat(canary); err == nil {
		w.t.Errorf("%s: a program that the repository names was run", what)
		_ = os.Remove(canary)
	}
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestATokenOfARepositoryIsFoundNowhere: an address with one is refused, and nothing of it is kept.
func TestATokenOfARepositoryIsFoundNowhere(t *testing.T) {
	w := newTestWorld(t)
	for _, repo := range []string{"https://me:canary77@127.0.0.1:1/r", "https://canary77@127.0.0.1:1/r", "ssh://me:canary77@127.0.0.1/r", "https://127.0.0.1:1/r?private_token=canary77", "me:canary77@127.0.0.1:r"} {
		out, errs, code := w.run("sync", "--once", "--repo", repo)
		if code == 0 || strings.Contains(out+errs, "canary77") || !strings.Contains(errs, "GIT_ASKPASS") {
			t.Errorf("%s exits %d:\n%s%s", repo, code, out, errs)
		}
	}
	err := filepath.WalkDir(w.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		if strings.Contains(mustRead(t, path), "canary77") {
			t.Errorf("it is in %s", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestTerminatedWhileReading: SIGTERM ends a verb whose manifest does not come.
func TestTerminatedWhileReading(t *testing.T) {
	w := newTestWorld(t)
	for _, verb := range []string{"apply", "plan", "diff", "pull", "delete"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		c := w.command(ctx, verb, "-f", "-")
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		c.Stdin = read
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(write, strings.Repeat("# not yet\n", 20_000)); err != nil { // more than a pipe holds: it is being read
			t.Fatal(err)
		}
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		if code := c.ProcessState.ExitCode(); code != exitInterrupted {
			t.Errorf("%s exits %d", verb, code)
		}
		cancel()
		_ = read.Close()
		_ = write.Close()
	}
}
