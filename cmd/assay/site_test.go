package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers/doctor"
)

// TestSiteImport writes the Site of a real cluster, applies it and examines it: what a user does first.
func TestSiteImport(t *testing.T) {
	t.Parallel() // it mostly waits
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
}
