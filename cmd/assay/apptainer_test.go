package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/container"
	"assay/drivers/container/imagetest"
)

// boxes is every kind of service that runs in a container, on two nodes too.
const boxes = `apiVersion: assay/v1alpha1
kind: Site
metadata: {name: slurm}
spec:
  scheduler: slurm
  defaults: {partition: cpu, time: 30m}
  partitions: {gpu: {gpusPerNode: 4, maxNodes: 4}, cpu: {maxNodes: 4}}
  poll: {every: 1s, atMost: 5s}
  container: {runtime: apptainer, images: %[1]s, args: [--no-mount=cwd]}
---
apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: boxes}
spec:
  site: slurm
  services:
    - name: llm
      vllm: {model: m}
      image: docker://vllm/vllm-openai:v0.10.2
      resources: {partition: gpu, gpusPerNode: 2}
      secrets: {HF_TOKEN: {env: HF_TOKEN}, VLLM_API_KEY: {env: HF_TOKEN}}
      env: {GREETING: two words}
    - name: wide # this vLLM needs Ray for two nodes
      vllm: {model: m}
      image: docker://vllm/vllm-openai:v0.10.2
      nodes: 2
      resources: {partition: gpu, gpusPerNode: 2}
      secrets: {HF_TOKEN: {env: HF_TOKEN}}
      env: {GREETING: two words}
    - name: docs
      chroma: {}
      binds: ["%[2]s:/chroma:ro"]
      env: {GREETING: two words}
      group: pack
    - name: monitors
      monitors: {retention: 1d}
      env: {GREETING: two words}
      group: pack
    - name: web
      process: {command: [assay, serve-files, --listen, "$(HOST):$(PORT)", --root, /given], probe: /healthz, metrics: /metrics}
      image: %[1]s/web.sif
      binds: ["%[1]s/given:/given:ro"]
      env: {GREETING: two words}
      group: pack
  benchmarks:
    - {name: chat, target: llm, serving: {dataset: json, prompts: 20, outputTokens: 16, concurrency: 4, seed: 1}}
    - {name: search, target: docs, vector: {vectors: 500, dimension: 16, queries: 20, topK: 5, concurrency: [1], duration: 1s, seed: 1}}
`

// boxed is what is expected of one container: the process in it is found by the words of its command.
type boxed struct {
	process string // as the agent calls it
	command string
	gpus    bool // it gets --nv
	secret  bool
	binds   []string // what it sees of the machine, below the state directory or by name
}

var boxedProcesses = []boxed{
	{process: "llm", command: "vllm\x00serve\x00m\x00--host", gpus: true, secret: true, binds: []string{"work"}},
	{process: "wide", command: "--distributed-executor-backend\x00ray", gpus: true, secret: true, binds: []string{"work"}},
	{process: "wide", command: "ray\x00start\x00--head", gpus: true, secret: true, binds: []string{"work"}},
	{process: "wide", command: "ray\x00start\x00--block", gpus: true, secret: true, binds: []string{"work"}}, // on the other node
	{process: "docs", command: "node\x00/chroma/", binds: []string{"work/boxes/docs", "/chroma"}},
	{process: "monitors.prometheus", command: "prometheus\x00--config.file", binds: []string{"work/boxes/monitors.prometheus", "jobs"}},
	{process: "monitors.grafana", command: "grafana\x00server", binds: []string{"work/boxes/monitors.grafana", "jobs"}},
	{process: "monitors.otel-collector", command: "/otelcol\x00--config", binds: []string{"work/boxes/monitors.otel-collector", "jobs"}},
	{process: "web", command: "assay\x00serve-files", binds: []string{"/given"}},
}

// TestApptainer serves every kind of service from images, with the real Apptainer on a real cluster, and measures two.
// vLLM, Ray, Grafana and the collector are stand-ins, Chroma and Prometheus are real.
func TestApptainer(t *testing.T) {
	imagetest.Need(t)
	c := startSlurm(t)
	modules, cli := chromaFolder(t)
	images := filepath.Join(t.TempDir(), "images")
	buildBoxes(t, images, cli)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf(), "HF_TOKEN="+canary)
	t.Cleanup(func() { showLogs(t, w) })
	w.must("apply", "-f", w.write("boxes.yaml", fmt.Sprintf(boxes, images, modules)), "--timeout", "4m")
	for _, b := range boxedProcesses {
		t.Run(b.process+" "+strings.ReplaceAll(b.command, "\x00", " "), func(t *testing.T) { b.check(t, w) })
	}
	for _, pid := range pids() {
		if cmd, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(cmd), canary) {
			t.Errorf("the secret is an argument of %q", cmd)
		}
	}
	runs := w.counted("boxes")
	if len(runs) != 2 {
		t.Fatalf("%d runs, want 2", len(runs))
	}
	for _, r := range runs {
		if cond := v1alpha1.Find(r.Conditions, v1alpha1.Valid); r.Phase != v1alpha1.RunComplete || cond.Status != v1alpha1.True || len(r.Metrics) == 0 {
			t.Errorf("%s is %s: %+v %v", r.ID, r.Phase, r.Conditions, r.Metrics)
		}
	}
	w.must("delete", "experiment", "boxes", "--yes", "--timeout", "2m")
	for _, b := range boxedProcesses {
		if pid := b.pid(); pid != 0 {
			t.Errorf("%q runs on after its job, as %d", b.command, pid)
		}
	}
}

// showLogs prints the end of every log of a job when the test has failed.
func showLogs(t *testing.T, w *testWorld) {
	if !t.Failed() {
		return
	}
	_ = filepath.WalkDir(filepath.Join(w.state, "jobs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".log") {
			text, _ := os.ReadFile(path) // what cannot be read is not shown
			t.Logf("%s:\n%s", path, text[max(0, len(text)-1500):])
		}
		return nil
	})
}

// chromaFolder is the folder with Chroma's modules, which ASSAY_CHROMA ("node FOLDER/…/cli.mjs") names, and the path of its
// program when that folder is /chroma.
func chromaFolder(t *testing.T) (folder, cli string) {
	t.Helper()
	_, path, found := strings.Cut(os.Getenv("ASSAY_CHROMA"), "node ")
	folder, rest, ok := strings.Cut(path, "/node_modules/")
	if !found || !ok {
		t.Skip("ASSAY_CHROMA does not name Chroma in a folder of Node.js modules: make test installs it")
	}
	return folder, "/chroma/node_modules/" + rest
}

// buildBoxes builds the images of all kinds, where assay looks for them.
func buildBoxes(t *testing.T, images, cli string) {
	t.Helper()
	program := func(name string) string {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("%s is not installed, which an image is made of", name)
		}
		return path
	}
	for component, image := range map[string]imagetest.Image{
		"vllm": {Programs: map[string]string{"/usr/bin/vllm": standin, "/usr/bin/ray": standin}},
		"chroma": {Programs: map[string]string{"/usr/bin/node": program("node")},
			Scripts: map[string]string{"/usr/bin/chroma": "#!/bin/sh\nexec node " + cli + " \"$@\"\n"}, Folders: []string{"/usr/share/nodejs"}}, // Debian's node
		"prometheus":     {Programs: map[string]string{"/usr/bin/prometheus": program("prometheus")}},
		"grafana":        {Programs: map[string]string{"/usr/bin/grafana": standin}},
		"otel-collector": {Programs: map[string]string{"/otelcol": standin}},
	} {
		image.Build(t, imageFile(t, images, component))
	}
	imagetest.Image{Programs: map[string]string{"/usr/bin/assay": binary}}.Build(t, filepath.Join(images, "web.sif"))
	if err := os.Mkdir(filepath.Join(images, "given"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// imageFile is where the default image of a kind of service, or of a component of monitors, lies.
func imageFile(t *testing.T, images, component string) string {
	t.Helper()
	svc := v1alpha1.Service{Monitors: &v1alpha1.Monitors{}}
	switch component {
	case "vllm":
		svc = v1alpha1.Service{VLLM: &v1alpha1.VLLM{}}
	case "chroma":
		svc = v1alpha1.Service{Chroma: &v1alpha1.Chroma{}}
	}
	ref, _ := svc.ImageOf(component)
	image, err := v1alpha1.ParseImage(ref)
	if err != nil {
		t.Fatal(err)
	}
	var site v1alpha1.Site
	site.Spec.Container.Images = images
	return container.File(site, image)
}

// built is a static program of this module: from ASSAY_TEST_BINARIES, or built now.
func built(t *testing.T, name, pkg string) string {
	t.Helper()
	if dir := os.Getenv("ASSAY_TEST_BINARIES"); dir != "" {
		return filepath.Join(dir, name)
	}
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// pid is the process in the container: the one with its command that has a root of its own.
func (b boxed) pid() int {
	own, _ := os.Readlink("/proc/self/ns/mnt")
	for _, pid := range pids() {
		cmd, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		ns, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", pid))
		if err == nil && ns != own && strings.Contains(string(cmd), b.command) {
			return pid
		}
	}
	return 0
}

// check looks at the process from outside: its variables, and the mounts of its container.
func (b boxed) check(t *testing.T, w *testWorld) {
	pid := b.pid()
	if pid == 0 {
		t.Fatal("there is no such process in a container")
	}
	read := func(file string) string {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	env := strings.Split(read("environ"), "\x00")
	if !slices.Contains(env, "GREETING=two words") {
		t.Errorf("its own variable did not arrive: %q", env)
	}
	if slices.Contains(env, "HF_TOKEN="+canary) != b.secret {
		t.Errorf("the secret is among its variables: want %v: %q", b.secret, env)
	}
	if i := slices.IndexFunc(env, func(v string) bool { return strings.HasPrefix(v, "SLURM") }); i >= 0 {
		t.Errorf("a variable of the job arrived: %s", env[i])
	}
	mounts := read("mountinfo")
	for _, bind := range b.binds {
		if !filepath.IsAbs(bind) {
			bind = filepath.Join(w.state, bind)
		}
		if !strings.Contains(mounts, " "+bind+" ") && !strings.Contains(mounts, " "+bind+"/") {
			t.Errorf("%s is not bound:\n%s", bind, mounts)
		}
	}
	if p := b.desired(t, w); slices.Contains(p.Argv, "--nv") != b.gpus {
		t.Errorf("--nv should be there: %v, in %q", b.gpus, p.Argv)
	}
}

// desired is the process as the agent of its job was told.
func (b boxed) desired(t *testing.T, w *testWorld) drivers.Process {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(w.state, "jobs", "*", "*", "*", drivers.DesiredFile))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Processes []drivers.Process `json:"processes"`
		}
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(d.Processes, func(p drivers.Process) bool { return p.Name == b.process }); i >= 0 {
			return d.Processes[i]
		}
	}
	t.Fatalf("no job runs %s; looked at %v", b.process, files)
	return drivers.Process{}
}
