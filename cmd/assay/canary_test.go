package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/service/simulator"
)

// canaries are secrets by what they are, and the search for them wherever people, other users and archives look.
type canaries struct {
	*testWorld
	values  map[string]string   // by what it is
	needs   map[string][]string // words in the command line of a process that needs it; all others must not have it
	source  []string            // files of the user in which secrets lie
	leaks   []string
	deleted bool // so is the experiment
}

// look notes every secret in a text, plain or in base64.
func (c *canaries) look(where string, text []byte, allowed ...string) {
	for name, value := range c.values {
		for _, form := range []string{value, base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value))} {
			if bytes.Contains(text, []byte(form)) && !slices.Contains(allowed, name) {
				c.leaks = append(c.leaks, name+" is in "+where)
			}
		}
	}
}

// processes looks at the arguments of all processes of this machine, and at the environments of those that do not need it.
func (c *canaries) processes() {
	for _, pid := range pids() {
		args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		line := strings.ReplaceAll(string(args), "\x00", " ")
		c.look(fmt.Sprintf("the arguments of %.200s", line), args)
		var needed []string
		for name, words := range c.needs {
			if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(line, w) }) {
				needed = append(needed, name)
			}
		}
		c.look(fmt.Sprintf("the environment of %.200s", line), env, needed...)
	}
}

// files looks at every file of the world. Those of the secrets are their owner's alone, and each secret is in one.
func (c *canaries) files() {
	kept := map[string]int{}
	err := filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, "/assay") || slices.Contains(c.source, path) {
			return nil // files come and go, and the binary is large
		}
		b, _ := os.ReadFile(path)
		if filepath.Dir(path) != filepath.Join(c.state, "secrets") {
			c.look(path, b)
			return nil
		}
		if info, err := d.Info(); err != nil || info.Mode().Perm() != 0o600 {
			c.leaks = append(c.leaks, path+" can be read by others")
		}
		for name, value := range c.values {
			if string(b) == value {
				kept[name]++
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	for name := range c.values {
		want := 1
		if c.deleted && (strings.HasPrefix(name, "the key of ") || strings.HasPrefix(name, "the token of ")) && name != "the key of an external server" {
			want = 0 // assay made it, and it opens nothing any more
		}
		if kept[name] != want {
			c.leaks = append(c.leaks, fmt.Sprintf("%s is in %d files of its own, want %d", name, kept[name], want))
		}
	}
}

// told looks at everything that assay prints about an experiment, key aside, and at what it archives.
func (c *canaries) told(experiment, manifest string) {
	c.t.Helper()
	for _, line := range []string{"get services -o wide", "get jobs -o wide", "get experiments -o yaml", "get services -o json", "get runs --all -o json",
		"get revisions -o yaml", "get events -o json", "describe experiment " + experiment, "describe service llm", "history " + experiment, "tunnel -o json", "tunnel",
		"plan -f " + manifest, "apply --dry-run -f " + manifest, "diff -f " + manifest, "report " + experiment + " -o md", "report " + experiment + " -o csv",
		"report " + experiment + " -o html", "logs llm", "logs own", "logs web", "events"} {
		out, errs, _ := c.run(strings.Fields(line)...)
		c.look("assay "+line, []byte(out+errs))
	}
	archive := filepath.Join(c.t.TempDir(), "logs.tar.gz")
	c.must("logs", "--save", archive)
	text, err := exec.Command("tar", "-xzOf", archive).Output()
	if err != nil || len(text) == 0 {
		c.t.Fatalf("the archive: %v", err)
	}
	c.look("the archive of the logs", text)
}

// gone fails with what was found.
func (c *canaries) gone() {
	c.t.Helper()
	slices.Sort(c.leaks)
	for _, l := range slices.Compact(c.leaks) {
		c.t.Error(l)
	}
	c.leaks = nil
}

// withSecrets is an experiment that is given a secret in every way there is. One of its programs prints its own.
const withSecrets = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: canary}
spec:
  site: local
  services:
    - name: llm
      vllm: {model: m-llm, simulate: {ttft: 1ms, itl: 1ms}}
      secrets: {HF_TOKEN: {env: CANARY_ENV}}
    - name: own
      vllm: {model: m-own, simulate: {ttft: 1ms, itl: 1ms}}
      secrets: {VLLM_API_KEY: {file: %[1]s}}
    - name: web
      process: {command: [sh, -c, 'echo "mine is $WEB_TOKEN"; echo "$WEB_TOKEN" >&2; exec "$0" serve-files --listen "$HOST:$PORT"', "$(ASSAY)"], probe: /healthz}
      secrets: {WEB_TOKEN: {env: CANARY_WEB}}
    - name: theirs
      external: {url: "%[2]s", type: vllm, model: m-theirs}
      secrets: {VLLM_API_KEY: {env: CANARY_EXTERNAL}}
%[3]s
  benchmarks:
    - {name: a, target: llm, retryInvalid: 0, serving: &load {dataset: choice, prompts: 100, outputTokens: 4, concurrency: 4, seed: 1}}
    - {name: b, target: own, retryInvalid: 0, serving: *load}
    - {name: c, target: theirs, retryInvalid: 0, serving: *load}
%[4]s
`

// TestCanary: a secret given in each way is found nowhere outside its own file and the process that needs it; benchmarks and
// probes know the keys all the same.
func TestCanary(t *testing.T) {
	beside(t, 30*time.Second)
	values := map[string]string{}
	for _, name := range []string{"a secret from the environment", "a key from a file", "a process' secret", "the key of an external server"} {
		values[name] = "canary-" + rand.Text()
	}
	theirs := httptest.NewServer(simulator.New(simulator.Config{Model: "m-theirs", Key: values["the key of an external server"], Simulate: v1alpha1.Simulate{TTFT: v1alpha1.Duration(time.Millisecond)}}))
	defer theirs.Close()
	w := newTestWorld(t)
	clean := *w
	w.env = append(slices.Clone(w.env), "CANARY_ENV="+values["a secret from the environment"], "CANARY_WEB="+values["a process' secret"],
		"CANARY_EXTERNAL="+values["the key of an external server"])
	file := w.write("key", values["a key from a file"]+"\n")
	docs, search := "", ""
	if chroma := os.Getenv("ASSAY_CHROMA"); chroma != "" {
		docs = "    - {name: docs, chroma: {command: [" + strings.Join(strings.Fields(chroma), ", ") + "]}}"
		search = "    - {name: d, target: docs, retryInvalid: 0, vector: {vectors: 500, dimension: 8, queries: 20, topK: 3, concurrency: [2], duration: 1s, seed: 1}}"
	}
	manifest := w.write("canary.yaml", fmt.Sprintf(withSecrets, file, theirs.URL, docs, search))
	w.must("apply", "-f", manifest, "--timeout", "3m")
	for _, r := range w.counted("canary") {
		if r.Phase != v1alpha1.RunComplete {
			t.Errorf("%s: %s %s", r.ID, r.Phase, r.Reason)
		}
	}
	c := &canaries{testWorld: &clean, values: values, source: []string{file}, needs: map[string][]string{
		"a secret from the environment": {"--model m-llm"}, "a key from a file": {"--model m-own"}, "a process' secret": {"serve-files"},
		"the key of llm": {"--model m-llm"}, "the key of docs": {"/canary/docs"},
	}}
	for _, service := range []string{"llm", "docs"} {
		if key, _, code := clean.run("key", service); code == 0 {
			values["the key of "+service] = strings.TrimSpace(key)
		} else if service == "llm" || docs != "" {
			t.Errorf("assay key %s: exit code %d", service, code)
		}
	}
	if len(values["the key of llm"]) != 64 {
		t.Errorf("the key that was made is %q", values["the key of llm"])
	}
	stop := clean.controller()
	clean.until("the controller's metrics", time.Minute, func() (bool, string) {
		b, err := os.ReadFile(filepath.Join(w.state, "metrics.prom"))
		return bytes.Contains(b, []byte("assay_service_ready")), fmt.Sprint(err)
	})
	c.processes()
	c.files()
	c.told("canary", manifest)
	c.gone()
	t.Run("what is planted is found", func(t *testing.T) { c.finds(t) })
	stop()
	clean.must("delete", "experiment", "canary", "--yes", "--timeout", "1m")
	c.deleted = true
	c.processes()
	c.files()
	c.gone()
}

// finds plants secrets, each of which the search has to find.
func (c *canaries) finds(t *testing.T) {
	value := c.values["the key of llm"]
	leak := c.write("leak.json", base64.StdEncoding.EncodeToString([]byte(value)))
	var started []*exec.Cmd
	for _, plant := range []func(*exec.Cmd){
		func(p *exec.Cmd) { p.Args = []string{value, "60"} },
		func(p *exec.Cmd) { p.Env = []string{"ELSEWHERE=" + value} },
	} {
		p := exec.Command("sleep", "60")
		plant(p)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		started = append(started, p)
	}
	time.Sleep(100 * time.Millisecond) // until both are sleep
	c.processes()
	c.files()
	for _, p := range started {
		_ = p.Process.Signal(syscall.SIGKILL)
		_ = p.Wait()
	}
	if err := os.Remove(leak); err != nil {
		t.Fatal(err)
	}
	found := strings.Join(c.leaks, "\n")
	for _, where := range []string{"the arguments of", "the environment of", "leak.json"} {
		if !strings.Contains(found, where) {
			t.Errorf("the leak in %s was not found:\n%s", where, found)
		}
	}
	c.leaks = nil
}
