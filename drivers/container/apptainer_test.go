package container

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/container/imagetest"
)

// realBox is a wrapped process in an image that holds this test binary as show, for the real Apptainer.
func realBox(t *testing.T, argv ...string) (p drivers.Process, data string) {
	t.Helper()
	imagetest.Need(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	image, key, data := filepath.Join(dir, "x.sif"), filepath.Join(dir, "key"), filepath.Join(dir, "data")
	imagetest.Image{Programs: map[string]string{"/bin/show": self, "/bin/cat": "/bin/cat"}}.Build(t, image)
	if err := errors.Join(os.WriteFile(key, []byte("s3cret"), 0o600), os.Mkdir(data, 0o700), os.WriteFile(filepath.Join(data, "f"), []byte("kept"), 0o600)); err != nil {
		t.Fatal(err)
	}
	site := boxes("apptainer", "--no-mount=tmp,home,cwd") // so that a folder is seen because it is bound, or not at all
	site.Spec.Container.Binds = nil
	svc := v1alpha1.Service{Process: &v1alpha1.Process{}, Image: image, Resources: gpus(1), Binds: []string{data + ":/given:ro"}}
	c, err := Wrap(site, svc, drivers.Compiled{Processes: []drivers.Process{{Name: "s", Argv: argv, Data: data,
		Env: map[string]string{"A": "x y=z", "P": "$(PORT)"}, Secrets: map[string]string{"KEY": key}}}})
	if err != nil {
		t.Fatal(err)
	}
	return c.Processes[0], data
}

func realCommand(t *testing.T, p drivers.Process, data string) *exec.Cmd {
	t.Helper()
	cmd := likeAgent(t, p, "$(DATA)", data, "$(PORT)", "80", "$(HOST)", "0.0.0.0")
	cmd.Stderr = os.Stderr
	return cmd
}

// TestApptainerExec is TestExec with the real Apptainer: arguments and variables arrive as they are, and nothing else.
func TestApptainerExec(t *testing.T) {
	args := []string{"--path", "$(DATA)", "a b", "$HOME", "", "*", `"'\`, "a\nb"}
	p, data := realBox(t, append([]string{"show"}, args...)...)
	out, err := realCommand(t, p, data).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got shown
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	args[1] = data
	if diff := cmp.Diff(args, got.Args); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"A=x y=z", "P=80", "PORT=80", "HOST=0.0.0.0", "KEY=s3cret"} {
		if !slices.Contains(got.Env, want) {
			t.Errorf("%s is missing in %q", want, got.Env)
		}
	}
	if i := slices.IndexFunc(got.Env, func(v string) bool { return strings.HasPrefix(v, "LEAKED=") }); i >= 0 {
		t.Errorf("a variable of the job arrived: %s", got.Env[i])
	}
	if strings.Contains(strings.Join(p.Argv, " "), "s3cret") {
		t.Errorf("the secret is an argument: %q", p.Argv)
	}
}

// TestApptainerFolders: the data folder is there at its own path and can be written to; a bind of the manifest is where it
// says, and read-only.
func TestApptainerFolders(t *testing.T) {
	p, data := realBox(t, "sh", "-c", "cat $0/f /given/f && echo new >$0/g && ! echo new >/given/h", "$(DATA)")
	out, err := realCommand(t, p, data).Output()
	if err != nil || string(out) != "keptkept" {
		t.Errorf("%v: %s", err, out)
	}
	if b, err := os.ReadFile(filepath.Join(data, "g")); err != nil || string(b) != "new\n" {
		t.Errorf("what was written is %q, %v", b, err)
	}
	if _, err := os.Stat(filepath.Join(data, "h")); err == nil {
		t.Error("the read-only bind was written to")
	}
}

// begin starts a command in a process group of its own, and waits for the first that it says.
func begin(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it has started
		t.Fatal(err)
	}
}

// TestApptainerEnds: exit codes come out, and SIGTERM to the process group ends the process.
func TestApptainerEnds(t *testing.T) {
	p, data := realBox(t, "sh", "-c", "exit 7")
	err := realCommand(t, p, data).Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 7 {
		t.Errorf("exit 7 became %v", err)
	}
	p, data = realBox(t, "show", "--wait")
	cmd := realCommand(t, p, data)
	begin(t, cmd)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		t.Error("SIGTERM did not end it within 20 s")
	}
}
