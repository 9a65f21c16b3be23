package container

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/container/imagetest"
)

// showing is an image that holds this test binary as show.
func showing(t *testing.T) imagetest.Image {
	t.Helper()
	imagetest.Need(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return imagetest.Image{Programs: map[string]string{"/bin/show": self, "/bin/cat": "/bin/cat"}}
}

// showsIn runs show in an image, as a service of the site would, and returns what it saw.
func showsIn(t *testing.T, site v1alpha1.Site, image string, cards int) (shown, drivers.Process) {
	t.Helper()
	site.Spec.Container.Binds = nil
	svc := v1alpha1.Service{Process: &v1alpha1.Process{}, Image: image, Resources: gpus(cards)}
	c, err := Wrap(site, svc, drivers.Compiled{Processes: []drivers.Process{{Name: "s", Argv: []string{"show", "a b"}, Env: map[string]string{"A": "of the manifest"}}}})
	if err != nil {
		t.Fatal(err)
	}
	cmd := likeAgent(t, c.Processes[0], "$(PORT)", "80", "$(HOST)", "0.0.0.0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var got shown
	if err != nil || json.Unmarshal(out, &got) != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !slices.Equal(got.Args, []string{"a b"}) || !slices.Contains(got.Env, "A=of the manifest") {
		t.Errorf("it saw %q %q", got.Args, got.Env)
	}
	return got, c.Processes[0]
}

// TestApptainerPull: assay pull fetches an image of an OCI layout, which a registry on the loopback interface serves, and what runs
// is the process and not the image's entrypoint. The second pull fetches nothing, and the file is what the agent takes the digest of.
func TestApptainerPull(t *testing.T) {
	layout := filepath.Join(t.TempDir(), "layout")
	showing(t).Layout(t, layout, "IMG=of the image", "A=of the image")
	t.Setenv("APPTAINER_NOHTTPS", "1") // the user's own word, for a registry without TLS
	p := &puller{Puller: Puller{Site: boxes("apptainer", "--no-mount=tmp,home,cwd")}}
	p.Say = p.say
	p.Site.Spec.Container.Images = filepath.Join(t.TempDir(), "images")
	ref := "docker://" + imagetest.Registry(t, layout) + "/a/show:1"
	for range 2 {
		if err := p.Pull(t.Context(), parsed(t, ref)); err != nil {
			t.Fatalf("%v\n%s", err, p.text())
		}
	}
	if text := p.text(); strings.Count(text, "done") != 1 || !strings.HasSuffix(text, "cached") {
		t.Errorf("said\n%s", text)
	}
	got, process := showsIn(t, p.Site, ref, 0)
	if !slices.Contains(got.Env, "IMG=of the image") {
		t.Errorf("the image's own variables are missing: %q", got.Env)
	}
	if process.Image != File(p.Site, parsed(t, ref)[0]) || !slices.Equal(process.Fetched, []string{process.Image}) {
		t.Errorf("the agent is told of %s and %v", process.Image, process.Fetched)
	}
	only(t, p.Site.Spec.Container.Images, filepath.Base(process.Image))
}

// TestApptainerLayout: without any registry a user makes the file from the layout, and names it.
func TestApptainerLayout(t *testing.T) {
	dir := t.TempDir()
	showing(t).Layout(t, filepath.Join(dir, "layout"))
	file := filepath.Join(dir, "own.sif")
	if out, err := exec.CommandContext(t.Context(), "apptainer", "pull", file, "oci:"+filepath.Join(dir, "layout")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	showsIn(t, boxes("apptainer", "--no-mount=tmp,home,cwd"), file, 0)
}

// TestApptainerDefinition: an image that was built from a definition by an ordinary user. Its variables are there, the process' own
// win, and its runscript does not run.
func TestApptainerDefinition(t *testing.T) {
	dir := t.TempDir()
	base, built, definition := filepath.Join(dir, "base.sif"), filepath.Join(dir, "built.sif"), filepath.Join(dir, "x.def")
	showing(t).Build(t, base)
	text := fmt.Sprintf("Bootstrap: localimage\nFrom: %s\n\n%%files\n    %s /given\n\n%%environment\n    export DEFINED=yes\n    export A=defined\n\n%%runscript\n    exit 99\n", base, definition)
	if err := os.WriteFile(definition, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "apptainer", "build", "--mksquashfs-args", "-noI -noD -noF -noX", built, definition).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, _ := showsIn(t, boxes("apptainer", "--no-mount=tmp,home,cwd"), built, 0)
	if !slices.Contains(got.Env, "DEFINED=yes") {
		t.Errorf("the definition's variable is missing: %q", got.Env)
	}
}

// TestApptainerGPUs: on a node without GPUs a service that wants some starts, and says itself what is missing; options for GPUs in the
// Site, of which --nvccli fails there, are left out for one that wants none.
func TestApptainerGPUs(t *testing.T) {
	image := filepath.Join(t.TempDir(), "x.sif")
	showing(t).Build(t, image)
	_, p := showsIn(t, boxes("apptainer", "--no-mount=tmp,home,cwd"), image, 4)
	if !slices.Contains(p.Argv, "--nv") {
		t.Errorf("%q", p.Argv)
	}
	for _, option := range []string{"--nv", "--nvccli", "--rocm"} {
		if _, p := showsIn(t, boxes("apptainer", "--no-mount=tmp,home,cwd", option), image, 0); slices.Contains(p.Argv, option) {
			t.Errorf("%q", p.Argv)
		}
	}
}

// TestApptainerLeavesNothing: when the runtime is killed, and then its process group as the agent does it, nothing of the container
// goes on: no process in it, none that serves its file system, no mount.
func TestApptainerLeavesNothing(t *testing.T) {
	for _, first := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		p, data := realBox(t, "sh", "-c", "show --wait & show --wait")
		cmd := realCommand(t, p, data)
		begin(t, cmd)
		if err := cmd.Process.Signal(first); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() }) // a runtime that does not end by itself is killed too
		_ = cmd.Wait()                                                    // it was killed
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		eventually(t, "the end of all that has to do with "+p.Image, func() bool { return len(has(t, p.Image))+len(has(t, data)) == 0 })
	}
}

// has are the processes whose arguments name a path, and the mounts of this one that do.
func has(t *testing.T, path string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, "/proc/self/mountinfo") {
		if text, err := os.ReadFile(f); err == nil && strings.Contains(string(text), path) { // else it has ended
			found = append(found, f)
		}
	}
	return found
}
