package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// TestCautions: a verb acts unless it is known not to, and a dry run does not act.
func TestCautions(t *testing.T) {
	a := &app{}
	verbs := map[string]bool{}
	all := newRoot(a).Commands()
	for i := 0; i < len(all); i++ {
		c := all[i]
		verbs[verbPath(c)] = true
		all = append(all, c.Commands()...)
		if flag := c.Flags().Lookup("dry-run"); flag != nil {
			before := cautionOf(c)
			if err := flag.Value.Set("true"); err != nil {
				t.Fatal(err)
			}
			if got := cautionOf(c); got != look {
				t.Errorf("assay %s --dry-run has caution %d, and %d without", c.Name(), got, before)
			}
		}
	}
	for name := range cautions {
		if !verbs[name] {
			t.Errorf("there is no verb %s", name)
		}
	}
	other := &cobra.Command{Use: "other"}
	other.AddCommand(&cobra.Command{Use: "stop"}, &cobra.Command{Use: "get"})
	root := newRoot(a)
	root.AddCommand(other)
	for _, c := range other.Commands() {
		if got := cautionOf(c); got != refuse {
			t.Errorf("%s has the caution %d of another verb that ends in the same word", c.CommandPath(), got)
		}
	}
	for _, name := range []string{"apply", "watch", "sync", "controller", "delete", "undo", "rerun", "clean"} {
		if !verbs[name] || cautions[name] != refuse {
			t.Errorf("assay %s does not refuse", name)
		}
	}
}

const localWeb = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: e2e}
spec:
  site: local
  services:
    - name: llm
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}
`

// TestOnePlace: a state directory of the local site is not used on a cluster, nor one of a cluster on another cluster.
// Before, the local job counted as vanished after five seconds, and a second server started on the cluster.
func TestOnePlace(t *testing.T) {
	beside(t, 15*time.Second)
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	w.must("apply", "-f", w.write("local.yaml", localWeb), "--timeout", "60s")
	before := w.seat("e2e", "llm")
	refused := func(want string, args ...string) {
		t.Helper()
		if out, errs, code := w.run(args...); code != 1 || !strings.Contains(errs, want) || out != "" {
			t.Errorf("assay %v: exit code %d, %q, want a refusal with %q\n%s", args, code, out, want, errs)
		}
	}
	onSlurm := w.write("slurm.yaml", llm("m1", 1, "30m", ""))
	refused("it belongs to site local with the local scheduler", "apply", "-f", onSlurm, "--timeout", "20s")
	if jobs := squeue(t, c, "-t", "all"); jobs != "" {
		t.Errorf("on the cluster there is %s", jobs)
	}
	w.must("--site", "local", "plan", "-f", filepath.Join(w.dir, "local.yaml"))
	if now := w.seat("e2e", "llm"); now.JobID != before.JobID || now.PID != before.PID {
		t.Errorf("the local server was %+v and is %+v", before, now)
	}
	w.must("--site", "local", "delete", "experiment", "e2e", "--yes")

	w.state = filepath.Join(w.dir, "slurm-state")
	w.must("apply", "-f", onSlurm, "--timeout", "90s")
	id := w.seat("e2e", "llm").JobID
	// Another cluster: scontrol is asked which one it is.
	bin := filepath.Join(w.dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n[ \"$1\" != show ] || exec echo 'ClusterName             = another'\nexit 1\n"
	if err := os.WriteFile(filepath.Join(bin, "scontrol"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	env := w.env
	w.env = append(w.env[:len(w.env):len(w.env)], "PATH="+bin+":"+os.Getenv("PATH"))
	for _, args := range [][]string{{"apply", "-f", onSlurm}, {"plan", "-f", onSlurm}, {"controller"}, {"delete", "experiment", "e2e", "--yes"}} {
		refused("and this is cluster another", args...)
	}
	w.env = env
	w.until("the job to be left alone", 5*time.Second, func() (bool, string) {
		state := squeue(t, c, "-t", "all", "-j", id, "-o", "%T")
		return state == "RUNNING", fmt.Sprintf("job %s is %s", id, state)
	})
	w.must("delete", "experiment", "e2e", "--yes")
}
