package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestWhatSlurmSaysIsPlain: commands of a cluster that say sequences of a terminal, marks that turn text and C1 controls, in what
// they answer and in their errors. Whatever is printed of it is plain, and so is a Site that is written from it.
func TestWhatSlurmSaysIsPlain(t *testing.T) {
	beside(t, 30*time.Second)
	const hostile = "\x1b]0;owned\a\x1b[2J\u202egnp.exe\u2066\u009b31m"
	dir := t.TempDir()
	answers, err := txtar.ParseFile("../../drivers/slurm/testdata/facts/26.05-accounting.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range answers.Files {
		var text strings.Builder
		for line := range strings.Lines(string(f.Data)) {
			if strings.HasPrefix(f.Name, "scontrol") {
				line = strings.NewReplacer("Reason=", "Reason="+hostile, "Comment=", "Comment="+hostile, "SLURM_VERSION           = ", "SLURM_VERSION           = "+hostile).Replace(line)
			}
			text.WriteString(line)
		}
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(f.Name, "/", "_")), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"sinfo", "scontrol", "squeue", "sacct", "sacctmgr", "sshare", "sbatch", "scancel", "srun", "sprio"} {
		script := fmt.Sprintf("#!/bin/sh\nf=%q/\"%s $*\"\nif [ -f \"$f\" ]; then cat \"$f\"; exit; fi\nprintf '%%s\\n' '%s'\nprintf '%%s\\n' '%s' >&2\nexit 1\n", dir, name, hostile, hostile)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w := newTestWorld(t, "PATH="+dir+":"+os.Getenv("PATH"))
	manifest := w.write("e.yaml", slurmSite+"apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e}\nspec:\n  site: slurm\n  services:\n    - {name: llm, vllm: {model: m, simulate: {ttft: 1ms}}}\n")
	said := 0
	for _, line := range []string{"site import", "site import -o " + filepath.Join(dir, "site.yaml"), "doctor --wait 1s -f " + manifest, "doctor -o json --wait 1s -f " + manifest, "plan --cost -f " + manifest, "plan -f " + manifest,
		"apply --timeout 2s -f " + manifest, "get jobs", "get services -o wide", "describe experiment e", "describe service llm", "events", "get nodes -o wide"} {
		out, errs, code := w.run(strings.Fields(line)...)
		if strings.ContainsAny(out+errs, "\x1b\a\u202e\u2066\u009b") {
			t.Errorf("assay %s (exit code %d) prints it:\n%q\n%q", line, code, out, errs)
		}
		if strings.Contains(out+errs, "owned") {
			said++
		}
	}
	if said == 0 {
		t.Error("nothing of what Slurm says was printed: the test shows nothing")
	}
	if written, err := os.ReadFile(filepath.Join(dir, "site.yaml")); err == nil && strings.ContainsAny(string(written), "\x1b\a\u202e\u2066\u009b") {
		t.Errorf("the Site that was written has it: %q", written)
	}
}
