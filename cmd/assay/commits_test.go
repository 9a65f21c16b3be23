package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// chat is a simulated model with one benchmark. The tail of its times to the first token is what the simulator is told, and a few
// milliseconds of this machine.
func chat(ttft time.Duration, repeats int) string {
	return fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: chat}
spec:
  services:
    - {name: llm, vllm: {model: sim/m, simulate: {ttft: %s, itl: 1ms}}}
  benchmarks:
    - name: load
      target: llm
      serving: {dataset: random, prompts: 670, inputTokens: 8, outputTokens: 2, rate: 500, warmups: 0, seed: 1}
      repeats: %d
      gates: [{metric: ttft.p99, max: 2s}, {metric: ttft.median, max: 2s}]
`, ttft, repeats)
}

// TestTwelveCommits: of twelve commits in a bare repository the eighth makes p99 8 % worse. Bisect and gate name it, the results
// branch has all twelve, and a pull request that does the same again is NO-GO with its numbers, measured beside the base's results,
// and leaves nothing that runs.
func TestTwelveCommits(t *testing.T) {
	t.Parallel() // it mostly waits
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
	for n := 1; n <= 12; n++ {
		ttft, repeats := 200*time.Millisecond+time.Duration(n)*time.Microsecond, 1 // each commit starts the server anew
		if n >= 8 {
			ttft += 16 * time.Millisecond
		}
		if n == 12 {
			repeats = 2
		}
		hash := commit(n, chat(ttft, repeats))
		if n == 8 {
			worse = hash
		}
		w.must("sync", "--repo", "origin.git", "--once", "--results-branch", "results")
	}

	out, errs, code := w.run("bisect", "chat", "--metric", "ttft.p99")
	if code != 1 || !strings.Contains(out, "rose by") || !strings.Contains(out, "with revision 8, commit "+worse[:10]) || !strings.Contains(out, "(Ann: Change 8): worse") {
		t.Errorf("bisect exits %d:\n%s%s", code, out, errs)
	}
	if out, _, _ := w.run("gate", "chat"); !strings.Contains(out, "ttft_median_ms of load rose by") || !strings.Contains(out, "commit "+worse[:10]) {
		t.Errorf("gate does not name the change:\n%s", out)
	}
	resultsOfTwelve(t, w, git)

	git("checkout", "-q", "-b", "slower")
	head := commit(13, chat(233*time.Millisecond, 2))
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
		if err := json.Unmarshal([]byte(text), &saved); err != nil || saved.Kind != "Report" || len(saved.Runs) == 0 || saved.Runs[0].Metrics["ttft_p99_ms"] < 200 || strings.Contains(text, w.dir) {
			t.Errorf("%s: %v: %.300s", f, err, text)
		}
	}
}
