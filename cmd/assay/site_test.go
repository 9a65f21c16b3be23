package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/doctor"
)

// TestSiteImport writes the Site of a real cluster, applies it and examines it: what a user does first.
func TestSiteImport(t *testing.T) {
	beside(t, 15*time.Second)
	c := startSlurm(t)
	dir := t.TempDir()
	assay := func(args ...string) (string, error) {
		cmd := exec.Command(binary, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "SLURM_CONF="+c.Conf(), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "XDG_STATE_HOME="+filepath.Join(dir, "state"))
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		return string(out), err
	}
	if _, err := assay("site", "import", "--name", "here", "-o", "site.yaml"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "site.yaml")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "# qos: no accounting here: limits of QOS are unknown") {
		t.Errorf("%v\n%s", err, text)
	}
	m, err := v1alpha1.Load([]v1alpha1.File{{Name: path, Data: text}}, nil, "")
	if err != nil || len(m.Sites) != 1 || m.Sites[0].Spec.Partitions["gpu"].GPUsPerNode != 4 || m.Sites[0].Spec.Defaults.Partition != "cpu" {
		t.Errorf("%v %+v", err, m.Sites)
	}
	if _, err := assay("site", "import", "-o", "site.yaml"); err == nil {
		t.Error("the file was replaced without --force")
	}
	out, err := assay("doctor", "-f", "site.yaml", "-o", "json")
	var checks []doctor.Check
	if err != nil || json.Unmarshal([]byte(out), &checks) != nil || doctor.Worst(checks) == doctor.Fail {
		t.Errorf("%v\n%s", err, out)
	}
	if entries, _ := os.ReadDir(filepath.Join(dir, "state")); len(entries) > 0 {
		t.Errorf("doctor left %v", entries)
	}
	if left := squeue(t, c); left != "" {
		t.Errorf("doctor left jobs: %s", left)
	}
	if _, err := assay("apply", "-f", "site.yaml"); err != nil {
		t.Error(err)
	}
	if out, err := assay("site", "list", "-o", "name"); err != nil || out != "site/here\nsite/local\n" {
		t.Errorf("%q, %v", out, err)
	}
	importFromALaptop(t, c.Conf())
}

// importFromALaptop: through a context the Site is written where the verb was typed, and nothing is replaced there unasked. In
// the place of ssh stands a shell at the site, which has a home of its own.
func importFromALaptop(t *testing.T, conf string) {
	t.Helper()
	dir := t.TempDir()
	here, there := filepath.Join(dir, "laptop"), filepath.Join(dir, "site")
	ssh := "#!/bin/sh\ncase \"$*\" in *'-O check'*) exit 1;; esac\nfor last; do :; done\ncd " + there + "\nunset XDG_CACHE_HOME\nHOME=" + there + " SLURM_CONF=" + conf + " exec sh -c \"$last\"\n"
	if err := errors.Join(os.Mkdir(here, 0o700), os.Mkdir(there, 0o700), os.WriteFile(filepath.Join(dir, "ssh"), []byte(ssh), 0o700)); err != nil {
		t.Fatal(err)
	}
	assay := func(args ...string) string {
		cmd := exec.Command(binary, args...)
		cmd.Dir = here
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+here, "XDG_CONFIG_HOME="+here+"/config", "XDG_CACHE_HOME="+here+"/cache")
		out, err := cmd.CombinedOutput()
		if err != nil {
			out = append(out, err.Error()...)
		}
		return string(out)
	}
	assay("context", "add", "hpc", "--ssh", "login.example.org")
	said := assay("--context", "hpc", "site", "import", "--name", "far", "-o", "site.yaml")
	text, err := os.ReadFile(filepath.Join(here, "site.yaml"))
	if err != nil || !strings.Contains(string(text), "name: far") || !strings.Contains(said, "site.yaml written") {
		t.Errorf("on the laptop: %v\n%s", err, said)
	}
	if found, _ := filepath.Glob(filepath.Join(there, "*.yaml")); found != nil {
		t.Errorf("at the site: %v", found)
	}
	if said := assay("--context", "hpc", "site", "import", "--name", "other", "-o", "site.yaml"); !strings.Contains(said, "site.yaml is there already; give another -o FILE, or --force") {
		t.Errorf("again: %s", said)
	}
	assay("--context", "hpc", "site", "import", "--name", "other", "-o", "site.yaml", "--force")
	if text, err := os.ReadFile(filepath.Join(here, "site.yaml")); err != nil || !strings.Contains(string(text), "name: other") {
		t.Errorf("with --force: %v\n%s", err, text)
	}
}
