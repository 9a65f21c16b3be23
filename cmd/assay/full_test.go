package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// newCanary is a secret that must be found nowhere. Other tests run on this machine, with secrets of their own.
func newCanary() string { return "hf_canary" + rand.Text() }

var canary = newCanary() // of tests that run alone

// standins puts the stand-ins for Ray, vLLM, Grafana and, unless ASSAY_OTELCOL names a real one, the collector on a PATH,
// beside the real Chroma. Prometheus is the machine's own.
func standins(t *testing.T) (path string) {
	t.Helper()
	chroma := os.Getenv("ASSAY_CHROMA")
	_, noPrometheus := exec.LookPath("prometheus")
	if chroma == "" || noPrometheus != nil {
		if os.Getenv("ASSAY_REQUIRE_CHROMA") == "1" {
			t.Fatal("Chroma (ASSAY_CHROMA) or Prometheus is missing")
		}
		t.Skip("needs Chroma and Prometheus: make test installs them as root")
	}
	dir := t.TempDir()
	programs := map[string]string{"ray": standin, "vllm": standin, "grafana": standin, "otelcol": cmp.Or(os.Getenv("ASSAY_OTELCOL"), standin)}
	for name, program := range programs {
		if err := os.Symlink(program, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "chroma"), []byte("#!/bin/sh\nexec "+chroma+" \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir + ":" + os.Getenv("PATH")
}

// full is every kind of service; more is appended to the services. Monitors are declared first: the order is of no account.
func full(scratch, more string) string {
	return slurmSite + fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: full}
spec:
  site: slurm
  services:
    - name: monitors
      monitors: {retention: 1d}
      group: pack
      restart: {backoff: 1s}
    - name: llm
      vllm: {model: m, backend: ray}
      nodes: 2
      resources: {partition: gpu, gpusPerNode: 4}
      secrets: {HF_TOKEN: {env: HF_TOKEN}, VLLM_API_KEY: {env: HF_TOKEN}}
      restart: {backoff: 1s}
    - name: docs
      chroma: {}
      group: pack
    - name: io
      lustre: {path: %s/io}
%s`, scratch, more)
}

const joiner = `
    - name: web
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz, metrics: /metrics}
      group: pack
`

// TestFull walks through the life of an AI factory on a real cluster: a group, two nodes, monitors, a secret.
func TestFull(t *testing.T) {
	beside(t, 90*time.Second)
	path := standins(t)
	c := startSlurm(t)
	secret := newCanary()
	w := newTestWorld(t, "SLURM_CONF="+c.Conf(), "PATH="+path, "HF_TOKEN="+secret)
	scratch := t.TempDir()
	file := w.write("full.yaml", full(scratch, ""))
	w.must("apply", "-f", file, "--timeout", "3m")
	w.controller()
	f := &factory{w, c.Conf(), secret, map[string]string{}}

	t.Run("every service is ready in two jobs", func(t *testing.T) {
		if out := squeue(t, c, "-t", "running", "-o", "%j"); strings.Count(out, "assay.full.") != 2 {
			t.Errorf("squeue: %s", out)
		}
		if info, err := os.Stat(filepath.Join(scratch, "io", ".assay")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the directory's marker: %v", err)
		}
		if cond := f.condition("io", v1alpha1.Striped); cond.Status != v1alpha1.False || cond.Reason != "PlainDirectory" {
			t.Errorf("a plain directory says so: %+v", cond)
		}
	})
	t.Run("Prometheus scrapes all of it, and nothing is down", func(t *testing.T) { f.scrapes(t, "llm", "docs", "monitors") })
	t.Run("Grafana has its data source and dashboards, and lets nobody in", f.grafana)
	t.Run("telemetry is kept", f.traces)
	t.Run("all that listens is listed", func(t *testing.T) {
		w.until("the list and the kernel agree", 30*time.Second, func() (bool, string) {
			listed, said, _ := w.unlisted() // the stand-in for Ray does not listen on all ports that it is given
			return said == "", fmt.Sprintf("%s %+v", said, listed)
		})
	})
	t.Run("strangers get nothing", func(t *testing.T) { f.strangers(t) })
	t.Run("the secret is nowhere", func(t *testing.T) { f.secretIsNowhere(t, c.Conf(), false) })
	before := f.pids("docs", "monitors")
	t.Run("a service joins the group and leaves it", func(t *testing.T) {
		w.must("apply", "-f", w.write("full.yaml", full(scratch, joiner)), "--timeout", "2m")
		f.scrapes(t, "web")
		w.must("apply", "-f", w.write("full.yaml", full(scratch, "")), "--timeout", "2m")
		w.until("its target has left", time.Minute, func() (bool, string) {
			list, _ := f.targets()
			return !slices.ContainsFunc(list, func(a active) bool { return a.Labels["service"] == "web" }), fmt.Sprintf("%+v", list)
		})
		if now := f.pids("docs", "monitors"); now != before {
			t.Errorf("the others were disturbed: %s became %s", before, now)
		}
	})
	t.Run("a Ray worker dies", func(t *testing.T) {
		pid := f.find(t, "ray\x00start\x00--block")
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		w.until("the reason", time.Minute, func() (bool, string) {
			out := w.must("describe", "service", "full/llm")
			return strings.Contains(out, "WorkerDied"), out
		})
		w.until("it is back", 2*time.Minute, func() (bool, string) { s := w.seat("full", "llm"); return s.Ready, fmt.Sprintf("%+v", s) })
	})
	t.Run("the monitors' job moves, and is followed", func(t *testing.T) {
		old := w.seat("full", "monitors").JobID
		slurmDo(t, c, "scancel", old)
		w.until("another job", 2*time.Minute, func() (bool, string) {
			s := w.seat("full", "monitors")
			return s.Ready && s.JobID != old, fmt.Sprintf("%+v", s)
		})
		f.scrapes(t, "llm", "docs", "monitors")
	})
	t.Run("a dead component is named", func(t *testing.T) {
		if err := syscall.Kill(f.find(t, "grafana\x00server"), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		w.until("its name", time.Minute, func() (bool, string) {
			out := w.must("events")
			cond := f.condition("monitors", v1alpha1.Ready)
			return strings.Contains(cond.Message, "grafana") || f.seat("monitors").Restarts > 0, fmt.Sprintf("%+v %s", cond, out)
		})
		w.until("it is back", time.Minute, func() (bool, string) { s := f.seat("monitors"); return s.Ready, fmt.Sprintf("%+v", s) })
	})
	w.must("delete", "experiment", "full", "--yes", "--timeout", "2m")
	if _, err := os.Stat(filepath.Join(scratch, "io")); !os.IsNotExist(err) {
		t.Errorf("the directory that was made is still there: %v", err)
	}
	if stored, _ := filepath.Glob(filepath.Join(w.state, "metrics", "full-*.om.gz")); len(stored) == 0 {
		t.Error("the experiment's metrics were not stored")
	}
	t.Run("the secret is nowhere afterwards", func(t *testing.T) { f.secretIsNowhere(t, c.Conf(), true) })
}

// factory asks a world with the experiment "full".
type factory struct {
	*testWorld
	conf   string            // of its cluster
	secret string            // that it was given
	keys   map[string]string // that assay made, by what they are of: they go with the experiment
}

func (f *factory) seat(service string) v1alpha1.SeatStatus { return f.testWorld.seat("full", service) }

func (f *factory) condition(service, typ string) v1alpha1.Condition {
	for _, s := range f.status("full").Services {
		if s.Name == service {
			return v1alpha1.Find(s.Conditions, typ)
		}
	}
	return v1alpha1.Condition{}
}

func (f *factory) pids(services ...string) (out string) {
	for _, s := range services {
		seat := f.seat(s)
		out += fmt.Sprintf("%s job %s pid %d; ", s, seat.JobID, seat.PID)
	}
	return out
}

// active is a target as Prometheus tells it.
type active struct {
	Labels    map[string]string `json:"labels"`
	Health    string            `json:"health"`
	LastError string            `json:"lastError"`
	URL       string            `json:"scrapeUrl"`
}

func (f *factory) targets() ([]active, error) {
	var v struct {
		Data struct {
			Active []active `json:"activeTargets"`
		} `json:"data"`
	}
	err := f.prometheus("/api/v1/targets", &v)
	return v.Data.Active, err
}

// prometheus asks that of the monitors, with its password.
func (f *factory) prometheus(path string, v any) error {
	password, err := os.ReadFile(filepath.Join(f.state, "secrets", "monitors.full.monitors.password"))
	if err != nil {
		return err
	}
	return fetchAs(f.seat("monitors").Endpoints["prometheus"]+path, drivers.PasswordUser, string(password), v)
}

// scrapes waits until the monitors' Prometheus has every service's targets, all up.
func (f *factory) scrapes(t *testing.T, services ...string) {
	t.Helper()
	f.until("all targets up", 90*time.Second, func() (bool, string) {
		list, err := f.targets()
		if err != nil {
			return false, err.Error()
		}
		seen := map[string]bool{}
		for _, a := range list {
			if a.Health != "up" {
				return false, fmt.Sprintf("%+v", a)
			}
			seen[a.Labels["service"]] = true
			seen["textfile"] = seen["textfile"] || strings.Contains(a.URL, "/textfile/")
		}
		for _, s := range append(services, "textfile") {
			if !seen[s] && s != "docs" { // Chroma has no metrics of its own to scrape
				return false, fmt.Sprintf("%s is not scraped: %+v", s, list)
			}
		}
		return true, ""
	})
	var v struct {
		Data struct{ Result []any }
	}
	f.until("the controller's own metrics", time.Minute, func() (bool, string) {
		err := f.prometheus("/api/v1/query?query="+`assay_service_ready{experiment="full"}`, &v)
		return err == nil && len(v.Data.Result) >= 3, fmt.Sprintf("%v %+v", err, v)
	})
}

func (f *factory) grafana(t *testing.T) {
	url := f.seat("monitors").Endpoints["grafana"]
	files, _ := filepath.Glob(filepath.Join(f.state, "work", "full", "monitors.grafana", "*", "admin-password"))
	if len(files) != 1 {
		t.Fatalf("%d password files", len(files))
	}
	info, err := os.Stat(files[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the password file: %v %v", info, err)
	}
	password, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var boards, sources []map[string]any
	if err := fetch(url+"/api/search", "", &boards); err == nil {
		t.Error("it lets strangers in")
	}
	if err := fetch(url+"/api/search", string(password), &boards); err != nil || len(boards) < 6 {
		t.Errorf("%d dashboards (%v)", len(boards), err)
	}
	if err := fetch(url+"/api/datasources", string(password), &sources); err != nil || len(sources) != 1 || sources[0]["uid"] != "assay-prometheus" {
		t.Fatalf("%+v (%v)", sources, err)
	}
	if sources[0]["url"] != strings.Replace(f.seat("monitors").Endpoints["prometheus"], host(f.seat("monitors").Endpoints["prometheus"]), "127.0.0.1", 1) {
		t.Errorf("the data source leads to %v", sources[0]["url"])
	}
}

func host(url string) string {
	h, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	return h
}

// traces sends one as a process of a service would: to the relay that the agent keeps on its node.
func (f *factory) traces(t *testing.T) {
	var env []byte
	for _, b := range f.environments() { // the address is in the environment of what runs in the jobs
		if i := strings.Index(string(b), "OTEL_EXPORTER_OTLP_ENDPOINT="); i >= 0 && strings.Contains(string(b), "OTEL_SERVICE_NAME=llm") {
			env = b[i+len("OTEL_EXPORTER_OTLP_ENDPOINT="):]
			break
		}
	}
	url, _, ok := strings.Cut(string(env), "\x00")
	if !ok {
		t.Fatal("no process of llm knows where telemetry goes")
	}
	const resource = `"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"llm"}}]}`
	f.until("a trace in the collector's file", time.Minute, func() (bool, string) {
		status := post(url+"/v1/traces", `{"resourceSpans":[{`+resource+`,"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",
			"spanId":"eee19b7ec3c1b174","name":"seen","kind":2,"startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000"}]}]}]}`)
		files, _ := filepath.Glob(filepath.Join(f.state, "work", "full", "monitors.otel-collector", "*", "traces", "traces.jsonl"))
		if len(files) != 1 {
			return false, fmt.Sprint(status, files)
		}
		info, err := os.Stat(files[0])
		return err == nil && info.Size() > 0, fmt.Sprint(status, info, err)
	})
	if os.Getenv("ASSAY_OTELCOL") == "" {
		t.Log("the collector is a stand-in, which forwards no metrics; make otelcol builds a real one")
		return
	}
	f.until("a metric in Prometheus", time.Minute, func() (bool, string) {
		status := post(url+"/v1/metrics", fmt.Sprintf(`{"resourceMetrics":[{`+resource+`,"scopeMetrics":[{"metrics":[{"name":"assay_test_value",
			"gauge":{"dataPoints":[{"asDouble":7,"timeUnixNano":"%d"}]}}]}]}]}`, time.Now().UnixNano()))
		var v struct {
			Data struct {
				Result []struct{ Metric map[string]string } `json:"result"`
			} `json:"data"`
		}
		err := f.prometheus("/api/v1/query?query=assay_test_value", &v)
		return len(v.Data.Result) == 1 && v.Data.Result[0].Metric["service_name"] == "llm", fmt.Sprint(status, err, v)
	})
}

func post(url, body string) string {
	res, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.Status + " " + string(b)
}

// secretIsNowhere looks for the secret, and for the keys that assay made, where people and other users look.
func (f *factory) secretIsNowhere(t *testing.T, conf string, deleted bool) {
	t.Helper()
	w := *f.testWorld
	w.t = t
	c := &canaries{testWorld: &w, deleted: deleted, values: map[string]string{"the secret": f.secret}, needs: map[string][]string{
		"the secret": {"controller", "ray", "vllm"}, "the token of Ray": {"ray", "vllm"}, "the key of docs": {"/full/docs", "chroma"}}}
	for name, file := range map[string]string{"the token of Ray": "full.llm.RAY_AUTH_TOKEN.key", "the key of docs": "full.docs.CHROMA_TOKEN.key"} {
		if f.keys[name] == "" {
			b, err := os.ReadFile(filepath.Join(f.state, "secrets", file))
			if err != nil || len(b) != 64 {
				t.Fatalf("%s: %d bytes, %v", name, len(b), err)
			}
			f.keys[name] = string(b)
		}
		c.values[name] = f.keys[name]
	}
	c.processes()
	c.files()
	for _, argv := range [][]string{{"scontrol", "show", "job", "-dd"}, {"squeue", "-o", "%all"}, {"squeue", "-O", "all"}, {"scontrol", "show", "step"}} {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Env = append(os.Environ(), "SLURM_CONF="+conf)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Logf("%v: %v %.100s", argv, err, out)
		}
		c.look(strings.Join(argv, " "), out)
	}
	_ = filepath.WalkDir(filepath.Dir(conf), func(path string, d fs.DirEntry, err error) error { // logs and spools of the cluster
		if err == nil && d.Type().IsRegular() {
			b, _ := os.ReadFile(path)
			c.look(path, b)
		}
		return nil
	})
	archive := filepath.Join(t.TempDir(), "logs.tar.gz")
	f.must("logs", "--save", archive)
	text, err := exec.Command("tar", "-xzOf", archive).Output()
	if err != nil || len(text) == 0 {
		t.Fatalf("the archive: %v", err)
	}
	c.look("the archive of the logs", text)
	c.look("events", []byte(f.must("events")))
	c.look("get", []byte(f.must("get", "services", "-o", "json")+f.must("get", "revisions", "-o", "yaml")))
	c.gone()
}

func pids() (out []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			out = append(out, pid)
		}
	}
	return out
}

// environments are those of the processes of this cluster, by pid: other tests may run on this machine.
func (f *factory) environments() map[int][]byte {
	out := map[int][]byte{}
	for _, pid := range pids() {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if bytes.Contains(b, []byte("SLURM_CONF="+f.conf+"\x00")) {
			out[pid] = b
		}
	}
	return out
}

// find is the process of this cluster whose arguments hold words, srun's own aside.
func (f *factory) find(t *testing.T, words string) int {
	t.Helper()
	for pid := range f.environments() {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if strings.Contains(string(b), words) && !strings.Contains(string(b), "srun") {
			return pid
		}
	}
	t.Fatalf("no process %q", words)
	return 0
}

// fetch reads JSON, as the administrator when a password is given.
func fetch(url, password string, v any, authorization ...string) error {
	return fetchAs(url, "admin", password, v, authorization...)
}

// fetchAs asks as a user, unless there is no password.
func fetchAs(url, user, password string, v any, authorization ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.ReplaceAll(url, `"`, "%22"), nil)
	if err != nil {
		return err
	}
	if password != "" {
		req.SetBasicAuth(user, password)
	}
	for _, a := range authorization {
		req.Header.Set("Authorization", a)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, b)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
