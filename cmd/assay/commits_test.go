package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// chat is a simulated model with one benchmark. Prompts have up to 200 tokens, and each costs the prefill: so the tail of the times
// to the first token is that of the lengths, and moments at which this machine is busy hardly move it: times are long, so that what a
// client may be late is long, too. Another seed is another measurement on the same server.
func chat(seed int, prefill time.Duration, repeats int) string {
	return fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: chat}
spec:
  services:
    - {name: llm, vllm: {model: sim/m, simulate: {ttft: 40ms, itl: 1ms, prefillPerToken: %s}}}
  benchmarks:
    - name: load
      retryInvalid: 6 # this machine can be busy
      target: llm
      serving: {dataset: random, prompts: 670, inputTokens: 100, rangeRatio: 1, outputTokens: 2, rate: 400, warmups: 0, seed: %d}
      repeats: %d
      gates: [{metric: ttft.p99, max: 2s}]
`, prefill, seed, repeats)
}

// TestTwelveCommits: of twelve commits in a bare repository, which a sync follows, the eighth makes p99 8 % worse. Bisect and gate name it, the results
// branch has all twelve, and a pull request that does twice as much again is NO-GO with its numbers, measured beside the base's results,
// and leaves nothing that runs.
func TestTwelveCommits(t *testing.T) {
	measures(t, 120*time.Second)
	w := newTestWorld(t)
	git := w.gitRepo("work")
	git("init", "-q", "--bare", "-b", "main", filepath.Join(w.dir, "origin.git"))
	git("remote", "add", "origin", filepath.Join(w.dir, "origin.git"))
	commit := func(n int, manifest string) string {
		t.Helper()
		w.write("work/chat.yaml", manifest)
		git("add", "--all")
		git("commit", "-qm", fmt.Sprintf("Change %d", n))
		git("push", "-q", "origin", "HEAD")
		return git("rev-parse", "HEAD")
	}
	var worse string
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	follows := w.command(ctx, "sync", "--repo", "origin.git", "--every", "1s", "--results-branch", "results")
	follows.Cancel = func() error { return follows.Process.Signal(os.Interrupt) }
	for n := 1; n <= 12; n++ {
		prefill, repeats := 2*time.Millisecond, 1
		if n >= 8 {
			prefill = 2180 * time.Microsecond // of 440 ms in all, 36
		}
		if n == 12 {
			repeats = 3
		}
		hash := commit(n, chat(n, prefill, repeats))
		if n == 8 {
			worse = hash
		}
		if n < 12 {
			w.followed(follows, n)
			continue
		}
		stop()
		_ = follows.Wait() // it was interrupted
		w.must("sync", "--repo", "origin.git", "--once", "--results-branch", "results")
	}

	out, errs, code := w.run("bisect", "chat", "--metric", "ttft.p99")
	if code != 1 || !strings.Contains(out, "rose by") || !strings.Contains(out, "with revision 8, commit "+worse[:10]) || !strings.Contains(out, "(Ann: Change 8): worse") {
		t.Errorf("bisect exits %d:\n%s%s", code, out, errs)
	}
	if out, _, _ := w.run("gate", "chat"); !strings.Contains(out, "ttft_p99_ms of load rose by") || !strings.Contains(out, "commit "+worse[:10]) {
		t.Errorf("gate does not name the change:\n%s", out)
	}
	resultsOfTwelve(t, w, git)

	git("checkout", "-q", "-b", "slower")
	head := commit(13, chat(12, 2580*time.Microsecond, 3))
	out, errs, code = w.run("sync", "--repo", "origin.git", "--once", "--ref", "slower", "--gate", "--base", "main", "--allow", "3%", "--markdown", "comment.md", "--junit", "junit.xml")
	if code != exitNoGo || !strings.Contains(out, "NO-GO") {
		t.Errorf("the pull request exits %d:\n%s%s", code, out, errs)
	}
	name := "chat-pr-" + head[:7]
	comment := w.file("comment.md")
	for _, want := range []string{"## assay: NO-GO", "**slower** at commit " + head[:10] + " by Ann (Change 13)", "| chat | load | ttft_p99_ms |", "measured on a simulator", "against chat@12, whose results were there", "assay compare chat@12 " + name} {
		if !strings.Contains(comment, want) {
			t.Errorf("the comment lacks %q:\n%s", want, comment)
		}
	}
	if junit := w.file("junit.xml"); !strings.Contains(junit, `<failure message="change against main: typically`) {
		t.Errorf("JUnit:\n%s", junit)
	}
	if left := w.must("get", "experiments", "-o", "name"); left != "experiment/chat\n" {
		t.Errorf("what is left: %s", left)
	}
	if jobs := w.must("get", "jobs"); strings.Contains(jobs, name) {
		t.Errorf("it still runs:\n%s", jobs)
	}
	if out := w.must("compare", "chat@12", name, "--metric", "ttft.median"); !strings.Contains(out, "ttft_median_ms") {
		t.Errorf("its results are not kept:\n%s", out)
	}
}

// followed waits until a sync that follows origin.git, and is started with the first commit, has published so many revisions.
func (w *testWorld) followed(sync *exec.Cmd, n int) {
	w.t.Helper()
	if n == 1 {
		if err := sync.Start(); err != nil {
			w.t.Fatal(err)
		}
	}
	w.until(fmt.Sprintf("results of %d commits", n), 2*time.Minute, func() (bool, string) {
		out, _ := w.shell("git", "--git-dir="+filepath.Join(w.dir, "origin.git"), "rev-list", "--count", "results").CombinedOutput()
		return strings.TrimSpace(string(out)) == fmt.Sprint(n), string(out)
	})
}

// file reads a file of the world.
func (w *testWorld) file(name string) string {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// resultsOfTwelve: the branch has a line, a report and data for each revision, in a commit for each.
func resultsOfTwelve(t *testing.T, w *testWorld, git func(...string) string) {
	t.Helper()
	git("fetch", "-q", "origin", "results")
	if n := git("rev-list", "--count", "FETCH_HEAD"); n != "12" {
		t.Errorf("the results branch has %s commits", n)
	}
	index := git("show", "FETCH_HEAD:INDEX.md")
	for n := 1; n <= 12; n++ {
		if !strings.Contains(index, fmt.Sprintf("| Ann | Change %d |", n)) {
			t.Errorf("the index lacks change %d:\n%s", n, index)
		}
	}
	files := strings.Fields(git("ls-tree", "-r", "--name-only", "FETCH_HEAD"))
	if len(files) != 25 {
		t.Errorf("the branch holds %v", files)
	}
	for _, f := range files {
		if !strings.HasSuffix(f, ".json") {
			continue
		}
		var saved struct {
			Kind string
			Runs []struct{ Metrics map[string]float64 }
		}
		text := git("show", "FETCH_HEAD:"+f)
		if err := json.Unmarshal([]byte(text), &saved); err != nil || saved.Kind != "Report" || len(saved.Runs) == 0 || saved.Runs[0].Metrics["ttft_p99_ms"] < 360 || strings.Contains(text, w.dir) {
			t.Errorf("%s: %v: %.300s", f, err, text)
		}
	}
}
