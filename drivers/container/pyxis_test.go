package container

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/container/imagetest"
)

// TestPyxisStep: the command stays as it is, and srun gets the options of pyxis, with names of variables and no value.
func TestPyxisStep(t *testing.T) {
	const always = " --no-container-entrypoint --container-remap-root --container-writable --no-container-mount-home"
	vllm := v1alpha1.Service{Name: "s", VLLM: &v1alpha1.VLLM{Model: "m"}, Image: "docker://vllm/vllm-openai:v0.29.0", Resources: gpus(4), Binds: []string{"/sets:/given:ro,rprivate"}}
	chroma := v1alpha1.Service{Name: "s", Chroma: &v1alpha1.Chroma{}, Resources: gpus(0)}
	llama := v1alpha1.Service{Name: "s", LlamaCpp: &v1alpha1.LlamaCpp{}, Image: "docker://ghcr.io/ggml/llama.cpp:b1", Resources: gpus(1)}
	for name, c := range map[string]struct {
		args []string
		svc  v1alpha1.Service
		p    drivers.Process
		want string
	}{
		"vllm on two nodes": {nil, vllm, drivers.Process{Argv: vllmArgv, Env: map[string]string{"A": "hush-1"}, Secrets: map[string]string{"KEY": "/hush-2"},
			Ask: []string{"vllm", "--version"}, Ranks: &drivers.Ranks{Args: []string{"--node-rank", "0"}, Others: [][]string{{"vllm", "serve", "m", "--headless"}}}},
			"--container-image=/images/vllm+vllm-openai=v0.29.0.sqsh --container-mounts=/work:/work,/scratch:/scratch,/sets:/given:ro+rprivate" + always +
				" --container-env=A,HOST,KEY,NVIDIA_DRIVER_CAPABILITIES,NVIDIA_VISIBLE_DEVICES,PORT --export=A,HOST,KEY,NVIDIA_DRIVER_CAPABILITIES,NVIDIA_VISIBLE_DEVICES,PORT,PATH,ASSAY_JOB_DIR"},
		"chroma, read-only and with the user's home": {[]string{"--container-readonly", "--container-mount-home", "--no-container-remap-root", "--container-workdir=/x"}, chroma,
			drivers.Process{Argv: chromaArgv, Data: "/d"},
			"--container-image=/images/chromadb+chroma=1.0.0.sqsh --container-mounts=$(DATA):$(DATA),/scratch:/scratch --no-container-entrypoint" +
				" --container-readonly --container-mount-home --no-container-remap-root --container-workdir=/x" +
				" --container-env=HOST,NVIDIA_VISIBLE_DEVICES,PORT --export=HOST,NVIDIA_VISIBLE_DEVICES,PORT,PATH,ASSAY_JOB_DIR"},
		"a door, which is assay's own": {nil, llama, drivers.Process{Argv: []string{"llama-server"}, Door: &drivers.Door{Port: "own"}, Env: map[string]string{"NVIDIA_VISIBLE_DEVICES": "0"}},
			"--container-image=/images/ghcr.io+ggml+llama.cpp=b1.sqsh --container-mounts=/work:/work,/scratch:/scratch,$(ASSAY):$(ASSAY):ro" + always +
				" --container-env=HOST,NVIDIA_DRIVER_CAPABILITIES,NVIDIA_VISIBLE_DEVICES,PORT --export=HOST,NVIDIA_DRIVER_CAPABILITIES,NVIDIA_VISIBLE_DEVICES,PORT,PATH,ASSAY_JOB_DIR"},
		"a file of the user's": {nil, v1alpha1.Service{Process: &v1alpha1.Process{}, Image: "/mine/x.sqsh"}, drivers.Process{Argv: []string{"x"}},
			"--container-image=/mine/x.sqsh --container-mounts=/scratch:/scratch" + always + " --container-env=HOST,NVIDIA_VISIBLE_DEVICES,PORT --export=HOST,NVIDIA_VISIBLE_DEVICES,PORT,PATH,ASSAY_JOB_DIR"},
	} {
		t.Run(name, func(t *testing.T) {
			c.p.Name = "s"
			compiled, err := Wrap(boxes("pyxis", c.args...), c.svc, drivers.Compiled{Kind: c.svc.Type(), Processes: []drivers.Process{c.p}})
			if err != nil {
				t.Fatal(err)
			}
			got := compiled.Processes[0]
			if diff := cmp.Diff(strings.Fields(c.want), got.Step); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]any{c.p.Argv, c.p.Ranks, []string(nil)}, []any{got.Argv, got.Ranks, got.Ask}); diff != "" {
				t.Error(diff)
			}
			image, _, _ := strings.Cut(strings.TrimPrefix(got.Step[0], "--container-image="), " ")
			if fetched := !strings.HasPrefix(image, "/mine"); got.Image != image || got.Needs[0] != image || (len(got.Fetched) == 1) != fetched {
				t.Errorf("the agent is told of %s, %v and %v", got.Image, got.Needs, got.Fetched)
			}
			if lists, err := json.Marshal([][]string{got.Argv, got.Step, got.Cleanup}); err != nil || strings.Contains(string(lists), "hush") {
				t.Errorf("a value is an argument: %s, %v", lists, err)
			}
		})
	}
}

// TestPyxisRefuses what reached it past the manifest's checks: revisions that were accepted before the Site changed, and paths
// that are made of others.
func TestPyxisRefuses(t *testing.T) {
	chroma := v1alpha1.Service{Name: "s", Chroma: &v1alpha1.Chroma{}}
	state := boxes("pyxis")
	state.Spec.Paths.State = "/home/o'brien"
	for want, c := range map[string]struct {
		site v1alpha1.Site
		p    drivers.Process
	}{
		"a Ray cluster cannot run in pyxis' containers": {boxes("pyxis"), drivers.Process{Argv: chromaArgv, Cluster: &drivers.Cluster{}}},
		"/d $(id) cannot be mounted by pyxis":           {boxes("pyxis"), drivers.Process{Argv: chromaArgv, Data: "/d $(id)"}},
		"/home/o'brien cannot be mounted by pyxis":      {state, drivers.Process{Argv: chromaArgv}},
		"it has no command":                             {boxes("pyxis"), drivers.Process{}},
	} {
		c.p.Name = "s"
		if _, err := Wrap(c.site, chroma, drivers.Compiled{Kind: "chroma", Processes: []drivers.Process{c.p}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestPullForPyxis: enroot makes one .sqsh file of an image, of the reference as it wants it, in folders of the site.
func TestPullForPyxis(t *testing.T) {
	p := newPuller(t)
	onPath(t, "enroot")
	p.Site.Spec.Container.Runtime = v1alpha1.RuntimePyxis
	digest := "sha256:" + strings.Repeat("0", 64)
	if err := p.Pull(t.Context(), parsed(t, "docker://vllm/vllm-openai:v0.29.0", "docker://ghcr.io:443/a/b@"+digest, "docker://redis:7")); err != nil {
		t.Fatal(err)
	}
	only(t, p.dir, "ghcr.io=443+a+b@"+strings.ReplaceAll(digest, ":", "=")+".sqsh", "redis=7.sqsh", "vllm+vllm-openai=v0.29.0.sqsh")
	for _, ref := range []string{"docker://registry-1.docker.io#vllm/vllm-openai:v0.29.0", "docker://ghcr.io:443#a/b:" + digest, "docker://registry-1.docker.io#library/redis:7"} {
		if logged(p, "half of "+ref+"\n") != 1 {
			t.Errorf("enroot was not asked for %s once", ref)
		}
	}
	err := p.Pull(t.Context(), parsed(t, "docker://missing:1"))
	if err == nil || !strings.Contains(err.Error(), "pulling docker://missing:1: enroot import (exit status 255):\n") {
		t.Errorf("got %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := p.Pull(t.Context(), parsed(t, "docker://a:1")); err == nil || !strings.Contains(err.Error(), "runs containers with enroot, which is not on PATH here") {
		t.Errorf("got %v", err)
	}
}

// TestEnrootPull fetches an image with the real enroot, where it is on PATH, from a registry on the loopback interface.
func TestEnrootPull(t *testing.T) {
	if _, err := exec.LookPath(enroot); err != nil {
		t.Skip("enroot is not on PATH")
	}
	dir := t.TempDir()
	layout := filepath.Join(dir, "layout")
	imagetest.Image{}.Layout(t, layout)
	t.Setenv("ENROOT_ALLOW_HTTP", "1") // the user's own word, for a registry without TLS
	p := &puller{Puller: Puller{Site: boxes(v1alpha1.RuntimePyxis)}}
	p.Say = p.say
	p.Site.Spec.Container.Images = filepath.Join(dir, "images")
	ref := parsed(t, "docker://"+imagetest.Registry(t, layout)+"/a/b:1")
	for range 2 {
		if err := p.Pull(t.Context(), ref); err != nil {
			t.Fatalf("%v\n%s", err, p.text())
		}
	}
	if text := p.text(); strings.Count(text, "done") != 1 || !strings.HasSuffix(text, "cached") {
		t.Errorf("said\n%s", text)
	}
	only(t, p.Site.Spec.Container.Images, filepath.Base(File(p.Site, ref[0])))
}
