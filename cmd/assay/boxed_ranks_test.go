package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/container"
	"assay/drivers/container/imagetest"
)

// boxedRanks is a server on two nodes that needs no Ray: this job's own rank, and one that srun starts on the other node.
const boxedRanks = `apiVersion: assay/v1alpha1
kind: Site
metadata: {name: slurm}
spec:
  scheduler: slurm
  defaults: {partition: gpu, time: 30m}
  partitions: {gpu: {gpusPerNode: 4, maxNodes: 4}}
  poll: {every: 1s, atMost: 5s}
  container: {runtime: %[1]s, images: %[2]s}
---
apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: ranks}
spec:
  site: slurm
  services:
    - name: wide
      vllm: {model: m}
      image: docker://vllm/vllm-openai:v0.29.0
      nodes: 2
      resources: {partition: gpu, gpusPerNode: 2}
      secrets: {HF_TOKEN: {env: HF_TOKEN}}
      env: {CHANGED: "%[4]d", NOTES: %[3]s, NVIDIA_VISIBLE_DEVICES: void} # Slurm's GPUs are not real here, and enroot would look for them
      binds: ["%[3]s"]
  benchmarks:
    - {name: chat, target: wide, retryInvalid: 0, serving: {dataset: json, prompts: 20, outputTokens: 16, concurrency: 4, seed: 1}}
`

// boxedRank is vllm in the image: a rank without clients notes that it has the secret, stays until it is asked to end, which it notes
// too, and ends with 7 when it finds the file die.
const boxedRank = `#!/bin/sh
case " $* " in
*" --headless "*)
	echo "started with ${HF_TOKEN:+the secret}" >>"$NOTES/rank"
	trap 'kill $child; echo "asked to end" >>"$NOTES/rank"; exit 0' INT TERM
	/opt/vllm "$@" &
	child=$!
	while :; do
		if [ -s "$NOTES/die" ]; then
			: >"$NOTES/die"
			kill $child
			exit 7
		fi
		sleep 0.2 &
		wait $!
	done
	;;
esac
exec /opt/vllm "$@"
`

// TestApptainerRanks is boxedRanks with the real Apptainer: signals and exit codes come through srun, and the image's digest gets into
// the result.
func TestApptainerRanks(t *testing.T) {
	imagetest.Need(t)
	c := startSlurm(t)
	image := rankImage(t)
	ranksInBoxes(t, c.Conf(), v1alpha1.RuntimeApptainer, func(path string) { image.Build(t, path) })
}

// TestPyxis is boxedRanks with the real pyxis and enroot, where ASSAY_PYXIS names spank_pyxis.so, built for this machine's Slurm, and
// enroot is on PATH.
func TestPyxis(t *testing.T) {
	plugin := os.Getenv("ASSAY_PYXIS")
	if _, err := exec.LookPath("enroot"); err != nil || plugin == "" {
		t.Skip("ASSAY_PYXIS names no spank_pyxis.so, or enroot is not on PATH")
	}
	dir := t.TempDir()
	c := startSlurm(t)
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(filepath.Join(filepath.Dir(c.Conf()), "plugstack.conf"), []byte("required "+plugin+" runtime_path="+dir+"\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	image := rankImage(t)
	for name, text := range map[string]string{"/etc/rc": ". /etc/rc.local\nexec \"$@\"\n", "/etc/environment": "PATH=/usr/bin:/bin\n", "/etc/rc.local": "", "/etc/passwd": "", "/etc/group": ""} {
		image.Scripts[name] = text
	}
	ranksInBoxes(t, c.Conf(), v1alpha1.RuntimePyxis, func(path string) {
		if out, err := exec.CommandContext(t.Context(), "mksquashfs", image.Folder(t), path, "-noI", "-noD", "-noF", "-noX", "-quiet").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
}

func rankImage(t *testing.T) imagetest.Image {
	t.Helper()
	programs := map[string]string{"/opt/vllm": standin}
	for _, name := range []string{"sleep", "env"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		programs["/bin/"+name] = path
	}
	return imagetest.Image{Programs: programs, Scripts: map[string]string{"/usr/bin/vllm": boxedRank}}
}

// ranksInBoxes serves boxedRanks from an image, measures it, lets a rank die, changes it, and deletes it.
func ranksInBoxes(t *testing.T, conf, runtime string, build func(path string)) {
	t.Helper()
	dir := t.TempDir()
	images, notes := filepath.Join(dir, "images"), filepath.Join(dir, "notes")
	if err := errors.Join(os.Mkdir(images, 0o700), os.Mkdir(notes, 0o700)); err != nil {
		t.Fatal(err)
	}
	var site v1alpha1.Site
	site.Spec.Container = v1alpha1.SiteContainer{Runtime: runtime, Images: images}
	parsed, err := v1alpha1.ParseImage("docker://vllm/vllm-openai:v0.29.0")
	if err != nil {
		t.Fatal(err)
	}
	image := container.File(site, parsed)
	build(image)
	w := newTestWorld(t, "SLURM_CONF="+conf, "HF_TOKEN="+canary)
	t.Cleanup(func() { showLogs(t, w) })
	apply := func(changed int) {
		w.must("apply", "-f", w.write("ranks.yaml", fmt.Sprintf(boxedRanks, runtime, images, notes, changed)), "--timeout", "4m")
	}
	apply(0)
	for _, pid := range pids() {
		if cmd, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(cmd), canary) {
			t.Errorf("the secret is an argument of %q", cmd)
		}
	}
	content, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(content))
	results, _ := filepath.Glob(filepath.Join(w.state, "runs", "ranks", "*", "run.json"))
	if len(results) != 1 {
		t.Fatalf("found %v, want one run.json", results)
	}
	if text, err := os.ReadFile(results[0]); err != nil || !strings.Contains(string(text), digest) {
		t.Errorf("the image's %s is not in the result: %v\n%s", digest, err, text)
	}
	noted := func(words string) func() (bool, string) {
		return func() (bool, string) {
			text, _ := os.ReadFile(filepath.Join(notes, "rank")) // none yet: nothing was noted
			return strings.HasSuffix(strings.TrimSpace(string(text)), words), string(text)
		}
	}
	w.controller()
	if err := os.WriteFile(filepath.Join(notes, "die"), []byte("now"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.until("the death of the rank is told with its exit code", time.Minute, func() (bool, string) {
		events := w.must("events")
		return strings.Contains(events, "rank 1, on node 2 of the job, died (ended with exit code 7)"), events
	})
	w.until("the rank runs again", time.Minute, noted("started with the secret\nstarted with the secret"))
	apply(1) // which starts it anew in the job that it has
	w.until("the rank was asked to end, and runs again", time.Minute, noted("asked to end\nstarted with the secret"))
	w.must("delete", "experiment", "ranks", "--yes", "--timeout", "2m")
}
