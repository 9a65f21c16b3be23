package container

import (
	"archive/tar"
	"bufio"
	"encoding/json"
	"fmt"
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

// podmanArgs make podman work inside of most sandboxes, where limits cannot be raised.
var podmanArgs = []string{"--runtime=runc", "--ulimit=nofile=20000:20000", "--ulimit=nproc=4096:4096"}

const testImage = "localhost/assay-container-test:1"

// withPodman gives podman a store of the test's own that holds testImage, with this test binary as /bin/show in it.
func withPodman(t *testing.T) {
	t.Helper()
	for _, name := range []string{"podman", "runc"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed: apt-get install podman runc", name)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("this test runs podman as root, with its limits lowered")
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "storage.conf")
	text := fmt.Sprintf("[storage]\ndriver = \"vfs\"\ngraphroot = %q\nrunroot = %q\n", filepath.Join(dir, "root"), filepath.Join(dir, "run"))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONTAINERS_STORAGE_CONF", conf)
	archive := filepath.Join(dir, "image.tar")
	pack(t, archive)
	if out, err := exec.CommandContext(t.Context(), "podman", "import", archive, testImage).CombinedOutput(); err != nil {
		t.Skipf("podman cannot import an image here: %v\n%s", err, out)
	}
	argv := slices.Concat([]string{"run", "--rm", "--network=host"}, podmanArgs, []string{testImage, "/bin/show"})
	if out, err := exec.CommandContext(t.Context(), "podman", argv...).CombinedOutput(); err != nil {
		t.Skipf("podman cannot run a container here: %v\n%s", err, out)
	}
}

func pack(t *testing.T, archive string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(archive, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	if err := w.WriteHeader(&tar.Header{Name: "bin/show", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// wrapped is a process as it runs at a site with podman, its words replaced as the agent would.
func wrapped(t *testing.T, p drivers.Process) *exec.Cmd {
	t.Helper()
	site := boxes("podman", podmanArgs...)
	site.Spec.Container.Binds = nil
	c, err := Wrap(site, v1alpha1.Service{Process: &v1alpha1.Process{}, Image: "docker://" + testImage}, drivers.Compiled{Processes: []drivers.Process{p}})
	if err != nil {
		t.Fatal(err)
	}
	cmd := likeAgent(t, c.Processes[0], "$(DATA)", p.Data, "$(NONCE)", "n0")
	cmd.Env = append(cmd.Env, "CONTAINERS_STORAGE_CONF="+os.Getenv("CONTAINERS_STORAGE_CONF"))
	cmd.Stderr = os.Stderr
	return cmd
}

// TestPodman runs a wrapped process with the real podman: arguments, variables, the secret and the data arrive.
func TestPodman(t *testing.T) {
	withPodman(t)
	data := t.TempDir()
	key := filepath.Join(data, "key")
	if err := os.WriteFile(key, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := wrapped(t, drivers.Process{Name: "s", Argv: []string{"show", "$(DATA)", "a b", "$HOME"}, Data: data,
		Env: map[string]string{"A": "x y=z"}, Secrets: map[string]string{"KEY": key}}).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got shown
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if diff := cmp.Diff([]string{data, "a b", "$HOME"}, got.Args); diff != "" {
		t.Error(diff)
	}
	for _, v := range []string{"A=x y=z", "KEY=s3cret", "PORT=80", "HOST=0.0.0.0"} {
		if !slices.Contains(got.Env, v) {
			t.Errorf("%s is not in %v", v, got.Env)
		}
	}
	if strings.Contains(fmt.Sprint(got.Env), "LEAKED") {
		t.Errorf("a variable of the job is inside: %v", got.Env)
	}
}

// TestPodmanCleanup kills podman itself: the container lives on until Cleanup, or until the process starts again.
func TestPodmanCleanup(t *testing.T) {
	withPodman(t)
	running := func() string {
		out, err := exec.CommandContext(t.Context(), "podman", "ps", "--format", "{{.Names}}").Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	start := func() *exec.Cmd {
		cmd := wrapped(t, drivers.Process{Name: "s.grafana", Argv: []string{"show", "--wait"}})
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() { // first podman says which container it has replaced
			if strings.HasPrefix(lines.Text(), "{") {
				return cmd
			}
		}
		t.Fatalf("it does not run: %v", lines.Err())
		return nil
	}
	for range 2 { // the second takes the first one's name
		cmd := start()
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		if got := running(); got != "assay-n0-s-grafana" {
			t.Errorf("running: %q", got)
		}
	}
	c, err := Wrap(boxes("podman"), v1alpha1.Service{Process: &v1alpha1.Process{}, Image: "docker://" + testImage},
		drivers.Compiled{Processes: []drivers.Process{{Name: "s.grafana", Argv: []string{"show"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing
		argv := c.Processes[0].Cleanup
		argv = append(slices.Clone(argv[:len(argv)-1]), strings.ReplaceAll(argv[len(argv)-1], "$(NONCE)", "n0"))
		if out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if got := running(); got != "" {
		t.Errorf("still running: %q", got)
	}
}

// TestPodmanPull finds an image in podman's store, and says what podman says about one that nobody has.
func TestPodmanPull(t *testing.T) {
	withPodman(t)
	var said []string
	p := Puller{Site: boxes("podman"), Say: func(format string, v ...any) { said = append(said, fmt.Sprintf(format, v...)) }}
	if err := p.Pull(t.Context(), parsed(t, "docker://"+testImage)); err != nil {
		t.Fatal(err)
	}
	if want := "image 1 of 1  " + testImage + "  cached"; len(said) != 1 || said[0] != want {
		t.Errorf("said %q, want %q", said, want)
	}
	err := p.Pull(t.Context(), parsed(t, "docker://localhost/nobody-has-this:1"))
	if err == nil || !strings.Contains(err.Error(), "podman pull (exit status 125)") || !strings.Contains(err.Error(), "localhost/nobody-has-this:1") {
		t.Errorf("got %v", err)
	}
}
