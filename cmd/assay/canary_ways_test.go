package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// everyWay is given secrets in the ways that withSecrets leaves out, on a cluster: keys of servers of other makers, a file, a header
// of a benchmark, servers behind gateways, a service that a metric scales, weights that a hub has.
const everyWay = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: ways}
spec:
  site: slurm
  budget: {nodeHours: 50}
  services:
    - name: llm
      vllm: {model: m-llm, simulate: {ttft: 1ms, itl: 1ms}}
      secrets: {TEAM_TOKEN: {env: CANARY_TEAM}}
      replicas: {min: 1, max: 2, metric: 'sum(vllm:num_requests_waiting{service="llm"})', target: 8}
    - name: sg
      sglang: {model: m-sg, command: [%[1]s]}
      secrets: {SGLANG_API_KEY: {file: %[2]s}, HF_TOKEN: {env: CANARY_HUB}}
    - name: lc
      llamacpp: {model: %[3]s, command: [%[1]s]}
    - name: front
      gateway: {targets: [llm]}
    - name: all
      gateway: {targets: [llm, sg, lc]}
  benchmarks:
    - {name: a, target: llm, retryInvalid: 0, serving: &load {dataset: choice, prompts: 20, outputTokens: 4, concurrency: 2, seed: 1, secretHeaders: {X-Team: TEAM_TOKEN}}}
    - {name: b, target: sg, retryInvalid: 0, serving: {dataset: choice, prompts: 20, outputTokens: 4, concurrency: 2, seed: 1}}
    - {name: c, target: front, retryInvalid: 0, serving: {dataset: choice, prompts: 20, outputTokens: 4, concurrency: 2, seed: 1}}
`

// otherServer takes the options of SGLang and of llama.cpp and serves the simulator, which asks for no key.
const otherServer = `#!/bin/sh
while [ $# -gt 0 ]; do
	case $1 in
	--version) echo 'version: 1 (standin)'; exit ;;
	--host) host=$2 ;;
	--port) port=$2 ;;
	--model-path | --alias) model=$2 ;;
	esac
	shift
done
exec %s simulate-vllm --listen "$host:$port" --model "$model" --config '{"ttft":"1ms"}'
`

// TestCanaryInEveryWay: what TestCanary says, under Slurm: nothing of a secret is in what Slurm shows and keeps either, nor in
// what agents and the embedded Prometheus serve. All that listens is listed, and strangers get nothing from it.
func TestCanaryInEveryWay(t *testing.T) {
	beside(t, 25*time.Second)
	cl := startSlurm(t)
	values := map[string]string{}
	for _, name := range []string{"a secret of a header", "a key from a file", "the token of a hub"} {
		values[name] = "canary-" + rand.Text()
	}
	w := newTestWorld(t, "SLURM_CONF="+cl.Conf())
	clean := *w
	w.env = append(slices.Clone(w.env), "CANARY_TEAM="+values["a secret of a header"], "CANARY_HUB="+values["the token of a hub"])
	server, file, model := w.write("server", fmt.Sprintf(otherServer, binary)), w.write("key", values["a key from a file"]+"\n"), w.write("m-lc.gguf", "no model")
	if err := os.Chmod(server, 0o700); err != nil {
		t.Fatal(err)
	}
	manifest := w.write("ways.yaml", slurmSite+fmt.Sprintf(everyWay, server, file, model))
	c := &canaries{testWorld: &clean, values: values, source: []string{file}, needs: map[string][]string{
		"a secret of a header": {" apply ", " pull ", "--model m-llm"}, "the token of a hub": {" apply ", " pull ", "--model m-sg", "parent --listen"},
		"a key from a file": {"--model m-sg", "parent --listen"}, "the key of llm": {"--model m-llm"}, "the key of lc": {"--model m-lc", "parent --listen"},
	}}
	looking := c.always()
	w.must("apply", "-f", manifest, "--timeout", "4m")
	looking()
	for _, r := range w.counted("ways") {
		if r.Phase != v1alpha1.RunComplete || r.Metrics["failed"] != 0 {
			t.Errorf("%s: %s %s %v", r.ID, r.Phase, r.Reason, r.Metrics)
		}
	}
	for _, service := range []string{"llm", "lc"} {
		values["the key of "+service] = strings.TrimSpace(clean.must("key", service))
	}
	clean.controller()
	var said string
	clean.until("the list and the kernel agree", time.Minute, func() (bool, string) {
		_, said, _ = clean.unlisted()
		return said == "", said
	})
	for _, name := range []string{drivers.ScrapeToken, drivers.QueryToken} {
		b, err := os.ReadFile(drivers.SecretFile(w.state, name))
		if err != nil {
			t.Fatal(err)
		}
		values["the token "+name] = strings.TrimSpace(string(b))
	}
	strangersGetNothing(t, clean.listeners())
	c.pulled(w, manifest)
	c.processes()
	c.files()
	c.told("ways", manifest)
	c.toldToday("ways", manifest)
	c.served(t)
	c.ofSlurm(t, cl.Conf())
	c.gone()
	clean.must("delete", "experiment", "ways", "--yes", "--timeout", "2m")
}

// always looks at all processes over and over until the returned function is called: some do not live long.
func (c *canaries) always() (end func()) {
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
				c.processes()
			}
		}
	})
	return func() { close(done); all.Wait() }
}

// pulled: a hub that repeats the token that it was given is not repeated.
func (c *canaries) pulled(w *testWorld, manifest string) {
	c.t.Helper()
	var asked atomic.Int64
	hub := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("Authorization"), c.values["the token of a hub"]) {
			asked.Add(1)
		}
		rw.Header().Set("X-Token", r.Header.Get("Authorization"))
		fmt.Fprintf(rw, `{"sha":"%040d","siblings":[{"rfilename":"../%s","size":1,"blobId":"%040d"}]}`, 1, r.Header.Get("Authorization"), 2)
	}))
	defer hub.Close()
	with := *w
	with.env = append(slices.Clone(w.env), "HF_ENDPOINT="+hub.URL)
	out, errs, code := with.run("pull", "-f", manifest, "--only", "weights")
	if code == 0 || asked.Load() == 0 {
		c.t.Errorf("pull: exit code %d, the token was given %d times: %s", code, asked.Load(), errs)
	}
	c.look("assay pull", []byte(out+errs))
}

// toldToday looks at what the verbs print that told leaves out.
func (c *canaries) toldToday(experiment, manifest string) {
	c.t.Helper()
	for _, line := range []string{"plan --cost -f " + manifest, "plan --dry-run -f " + manifest, "doctor --wait 1s", "site import", "site show slurm", "site list", "controller print systemd",
		"controller print manifest", "get nodes -o json", "get listeners -o json", "get services -o yaml", "describe service sg", "describe service all", "describe benchmark a",
		"compare " + experiment, "gate " + experiment, "logs sg", "logs lc", "logs front", "logs all"} {
		out, errs, _ := c.run(strings.Fields(line)...)
		c.look("assay "+line, []byte(out+errs))
	}
	for _, r := range c.status(experiment).Runs {
		for _, line := range []string{"describe run " + r.ID, "get runs " + r.ID + " -o samples", "logs " + r.ID} {
			out, errs, _ := c.run(strings.Fields(line)...)
			c.look("assay "+line, []byte(out+errs))
		}
	}
}

// served looks at what all listeners answer to who may ask.
func (c *canaries) served(t *testing.T) {
	t.Helper()
	asked := 0
	for _, l := range c.listeners() {
		if l.Credential == "" {
			continue
		}
		paths := []string{"/metrics", "/-/metrics", "/v1/models"}
		if queries(l) {
			paths = []string{"/api/v1/query?query=" + url.QueryEscape(`{__name__=~".+"}`), "/api/v1/targets", "/api/v1/status/buildinfo"}
		}
		for _, path := range paths {
			req, err := http.NewRequest(http.MethodGet, "http://"+l.Address+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(secretOf(t, l)))
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Errorf("%s of %s: %v", l.What, l.Owner, err)
				continue
			}
			b, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				asked++
			}
			c.look(path+" of "+l.Owner, b)
		}
	}
	if asked < 10 {
		t.Errorf("only %d answers were looked at", asked)
	}
}

// ofSlurm looks at what Slurm shows to the owner of the jobs, and at what its daemons write.
func (c *canaries) ofSlurm(t *testing.T, conf string) {
	t.Helper()
	typed := func(argv ...string) []byte {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Env = append(os.Environ(), "SLURM_CONF="+conf)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Logf("%v: %v %.100s", argv, err, out)
		}
		c.look(strings.Join(argv, " "), out)
		return out
	}
	typed("scontrol", "show", "job", "-dd")
	typed("scontrol", "show", "step")
	typed("squeue", "-O", "all")
	typed("squeue", "-o", "%all")
	for _, id := range strings.Fields(string(typed("squeue", "-h", "-t", "running", "-o", "%i"))) {
		if script := typed("scontrol", "write", "batch_script", id, "-"); !strings.HasPrefix(string(script), "#!") {
			t.Errorf("the script of job %s: %.100q", id, script)
		}
	}
	written := 0
	_ = filepath.WalkDir(filepath.Dir(conf), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			b, _ := os.ReadFile(path)
			c.look(path, b)
			written++
		}
		return nil
	})
	if written < 10 {
		t.Errorf("only %d files of Slurm's", written)
	}
}
