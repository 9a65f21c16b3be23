package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPullRequestsLeaveNothing: what a pull request starts is gone after an interruption, and after a kill with the next
// measurement; a base without results is measured in turn with it; what its site does not trust pull requests with is refused,
// although the base may have it; one that changes nothing starts nothing.
func TestPullRequestsLeaveNothing(t *testing.T) {
	beside(t, 40*time.Second)
	w := newTestWorld(t)
	git := w.gitRepo("repo")
	manifest := func(ttft, more string) string {
		return `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: chat, labels: {purpose: chat}}
spec:
  schedule: "* * * * *"
  services:
    - {name: llm, vllm: {model: sim/m, simulate: {ttft: ` + ttft + `, itl: 1ms}}}
` + more + `  benchmarks: [{name: load, target: llm, serving: {dataset: random, prompts: 32, inputTokens: 8, outputTokens: 2, concurrency: 8, warmups: 0, seed: 1}}]
`
	}
	commit := func(branch, text string) {
		t.Helper()
		if branch != "main" {
			git("checkout", "-q", "-B", branch, "main")
		}
		w.write("repo/chat.yaml", text)
		git("add", "--all")
		git("commit", "-qm", branch)
	}
	gate := func(ref string, more ...string) []string {
		return append([]string{"sync", "--repo", "repo", "--once", "--gate", "--ref", ref, "--markdown", "comment.md"}, more...)
	}
	left := func() string { return w.must("get", "experiments", "-o", "name") }
	commit("main", manifest("60ms", ""))
	git("branch", "same")
	commit("slow", manifest("20s", ""))
	commit("process", manifest("60ms", "    - {name: web, process: {command: [sleep, infinity]}}\n"))
	git("checkout", "-q", "main") // slow moves

	if out, errs, code := w.run(gate("same")...); code != 0 || !strings.Contains(out, "GO") || !strings.Contains(w.file("comment.md"), "changes no experiment") {
		t.Errorf("without a change it exits %d:\n%s%s", code, out, errs)
	}
	w.trustGit()
	if _, errs, code := w.run(gate("process")...); code != exitManifest || !strings.Contains(errs, "trust: {pullRequests: [processes]}") || !strings.Contains(w.file("comment.md"), "**NO-GO**: process, its manifests are valid") {
		t.Errorf("a process of a pull request exits %d:\n%s", code, errs)
	}
	interrupt := func(s syscall.Signal) (code int) {
		t.Helper()
		c := w.command(t.Context(), gate("slow")...)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		w.until("it has begun", time.Minute, func() (bool, string) {
			jobs, _, _ := w.run("get", "jobs")
			return strings.Contains(jobs, "chat-pr-") && strings.Contains(jobs, "Running"), jobs
		})
		if strings.Contains(w.must("get", "experiments", "-l", "purpose=chat", "-o", "name"), "chat") {
			t.Error("it carries the label of what it was made from")
		}
		if err := c.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait() // its exit code says how
		return c.ProcessState.ExitCode()
	}
	if code := interrupt(syscall.SIGTERM); code != exitInterrupted || left() != "" {
		t.Errorf("interrupted it exits %d and leaves %q", code, left())
	}
	interrupt(syscall.SIGKILL)
	if !strings.Contains(left(), "chat-pr-") {
		t.Error("what was killed left nothing, so that nothing is shown of the next measurement")
	}
	git("branch", "-qf", "slow", "main")
	if _, errs, code := w.run(gate("slow")...); code != 0 || left() != "" {
		t.Errorf("after a kill the next one exits %d and leaves %q:\n%s", code, left(), errs)
	}

	commit("other", manifest("66ms", ""))
	out, errs, code := w.run(gate("other", "--budget", "nodeHours=50")...)
	comment := w.file("comment.md")
	if code != exitInconclusive || !strings.Contains(comment, "measured with it, run by run in turn") || !strings.Contains(comment, "one run says nothing of the spread") || left() != "" {
		t.Errorf("it exits %d and leaves %q:\n%s%s\n%s", code, left(), out, errs, comment)
	}
	if files, err := os.ReadDir(w.state + "/sources"); err != nil || len(files) > 0 {
		t.Errorf("records of sources are left: %v, %v", files, err)
	}
}
