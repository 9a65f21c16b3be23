package container

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// likeAgent is the command that the agent makes of a process: words replaced, secrets read, nothing else inherited.
func likeAgent(t *testing.T, p drivers.Process, replace ...string) *exec.Cmd {
	t.Helper()
	r := strings.NewReplacer(replace...)
	var argv []string
	for _, a := range p.Argv {
		argv = append(argv, r.Replace(a))
	}
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PORT=80", "HOST=0.0.0.0", "LEAKED=from the job"}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		cmd.Env = append(cmd.Env, name+"="+r.Replace(p.Env[name]))
	}
	for name, file := range p.Secrets {
		value, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, name+"="+string(value))
	}
	return cmd
}

// TestExec runs a wrapped process through the stand-in: its arguments, its variables and its binds arrive, and nothing else.
func TestExec(t *testing.T) {
	onPath(t, "apptainer", "show")
	dir := t.TempDir()
	key, image := filepath.Join(dir, "key"), filepath.Join(dir, "x.sif")
	for _, f := range []string{key, image} {
		if err := os.WriteFile(f, []byte("s3cret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	site := boxes("apptainer")
	site.Spec.Container.Binds = []string{dir + ":/mnt:ro"}
	svc := v1alpha1.Service{Process: &v1alpha1.Process{}, Image: image, Resources: gpus(1)}
	c, err := Wrap(site, svc, drivers.Compiled{Processes: []drivers.Process{{Name: "s", Argv: []string{"show", "--path", "$(DATA)", "a b", "$HOME", ""}, Data: dir,
		Env: map[string]string{"A": "x y=z", "P": "$(PORT)"}, Secrets: map[string]string{"KEY": key}, Token: "KEY"}}})
	if err != nil {
		t.Fatal(err)
	}
	p := c.Processes[0]
	if p.Secrets[p.Token] != key {
		t.Errorf("the token %s is none of the secrets %v", p.Token, p.Secrets)
	}
	if _, err := os.Stat(p.Needs[0]); err != nil {
		t.Error(err)
	}
	out, err := likeAgent(t, p, "$(DATA)", dir, "$(PORT)", "80", "$(HOST)", "0.0.0.0").Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got shown
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got.Env)
	want := shown{Args: []string{"--path", dir, "a b", "$HOME", ""}, Env: []string{"A=x y=z", "APPTAINER_BIND=" + dir + "," + dir + ":/mnt:ro", "HOST=0.0.0.0",
		"KEY=s3cret", "NV=1", "P=80", "PATH=" + os.Getenv("PATH"), "PORT=80"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
