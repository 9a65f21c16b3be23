package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// pipelineJob is a job of GitLab's CI, or of GitHub's.
type pipelineJob struct {
	Script []string
	Steps  []struct{ Run string }
}

// lines are what a job types.
func (j pipelineJob) lines() []string {
	out := j.Script
	for _, s := range j.Steps {
		if s.Run != "" {
			out = append(out, s.Run)
		}
	}
	return out
}

// readPipeline reads a file of examples/ci: its jobs, with what comes before each.
func readPipeline(t *testing.T, name string) map[string]pipelineJob {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../examples/ci", name))
	if err != nil {
		t.Fatal(err)
	}
	var gitlab struct {
		Before  []string `yaml:"before_script"`
		Measure pipelineJob
		Record  pipelineJob
		Jobs    map[string]pipelineJob // GitHub's
	}
	if err := yaml.Unmarshal(b, &gitlab); err != nil {
		t.Fatal(err)
	}
	if gitlab.Jobs != nil {
		return gitlab.Jobs
	}
	gitlab.Measure.Script = append(gitlab.Before, gitlab.Measure.Script...)
	gitlab.Record.Script = append(gitlab.Before, gitlab.Record.Script...)
	return map[string]pipelineJob{"measure": gitlab.Measure, "record": gitlab.Record}
}

// TestPipelines types every line of the files in examples/ci, as their CIs would, against a bare repository: the branch's results
// are recorded, and a pull request that is a third slower fails, with a comment and a test report.
func TestPipelines(t *testing.T) {
	measures(t, 45*time.Second)
	w := newTestWorld(t)
	bin := filepath.Join(w.dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	w.write("bin/gh", "#!/bin/sh\necho \"$@\" > gh.args\n")
	if err := errors.Join(os.Chmod(filepath.Join(bin, "gh"), 0o700), os.Symlink(binary, filepath.Join(bin, "assay"))); err != nil {
		t.Fatal(err)
	}
	git := w.gitRepo("work")
	origin := filepath.Join(w.dir, "origin.git")
	git("init", "-q", "--bare", "-b", "main", origin)
	commit := func(ttft, to string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(w.dir, "work/experiments"), 0o700); err != nil {
			t.Fatal(err)
		}
		w.write("work/experiments/chat.yaml", fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: chat}
spec:
  services: [{name: llm, vllm: {model: sim/m, simulate: {ttft: %s, itl: 1ms}}}]
  benchmarks: [{name: load, target: llm, serving: {dataset: random, prompts: 64, inputTokens: 8, outputTokens: 2, concurrency: 8, warmups: 0, seed: 1}, repeats: 2, gates: [{metric: ttft.median, max: 2s}]}]
`, ttft))
		git("add", "--all")
		git("commit", "-qm", "Time to the first token is "+ttft)
		git("push", "-q", origin, "HEAD:"+to)
	}
	commit("120ms", "refs/heads/main")
	commit("162ms", "refs/pull/7/merge")
	git("push", "-q", origin, "HEAD:refs/merge-requests/7/head")

	for _, name := range []string{"gitlab-ci.yml", "github-workflow.yml"} {
		jobs, said := readPipeline(t, name), ""
		do := func(job, ref string) (failed bool) {
			t.Helper()
			if len(jobs[job].lines()) == 0 {
				t.Fatalf("%s has no job %s", name, job)
			}
			for _, line := range jobs[job].lines() {
				line = strings.NewReplacer("${{ github.event.pull_request.number }}", "7", "${{ github.repository }}", "o/r").Replace(line)
				c := exec.CommandContext(t.Context(), "sh", "-ec", line)
				c.Dir = filepath.Join(w.dir, "work")
				c.Env = append(w.env, "PATH="+bin+":"+os.Getenv("PATH"), "ASSAY_REPO="+origin, "ASSAY_PATH=experiments", "ASSAY_BASE=main", "ASSAY_REF="+ref, "GITHUB_STEP_SUMMARY="+filepath.Join(w.dir, "summary.md"))
				out, err := c.CombinedOutput()
				said += string(out)
				failed = failed || err != nil
			}
			return failed
		}
		if do("record", "main") {
			t.Errorf("%s does not record:\n%s", name, said)
		}
		ref := map[string]string{"gitlab-ci.yml": "merge-requests/7/head", "github-workflow.yml": "pull/7/merge"}[name]
		if !do("measure", ref) || !strings.Contains(said, "NO-GO") {
			t.Errorf("%s lets the pull request pass:\n%s", name, said)
		}
		if comment := w.file("work/assay.md"); !strings.Contains(comment, "## assay: NO-GO") || !strings.Contains(comment, "whose results were there") || !strings.Contains(w.file("work/assay.xml"), "<failure") {
			t.Errorf("%s writes\n%s", name, comment)
		}
	}
	if args := w.file("work/gh.args"); !strings.HasPrefix(args, "pr comment 7 --repo o/r --body-file assay.md") || !strings.Contains(w.file("summary.md"), "NO-GO") {
		t.Errorf("GitHub's comment: gh %s", args)
	}
	if index := git("--git-dir="+origin, "show", "assay-results:INDEX.md"); strings.Count(index, "| chat |") != 1 {
		t.Errorf("the results:\n%s", index)
	}
}
