package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"assay/drivers"
	"assay/reconciler/view"
)

const everyListener = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: all}
spec:
  services:
    - name: monitors
      monitors: {retention: 1d}
      restart: {backoff: 1s}
    - name: llm
      vllm: {model: m}
      secrets: {VLLM_API_KEY: {env: KEY}}
    - name: docs
      chroma: {}
    - name: web
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz, metrics: /metrics}
`

// TestListeners: what `assay get listeners` shows is what the kernel says of all processes of a session, and strangers get
// nothing from it.
func TestListeners(t *testing.T) {
	beside(t, 15*time.Second)
	w := newTestWorld(t, "PATH="+standins(t), "KEY="+newCanary())
	w.must("apply", "-f", w.write("all.yaml", everyListener), "--timeout", "3m")
	w.controller()
	w.web("--allow-actions")
	var listed []view.ListenerStatus
	w.until("the list and the kernel agree", 30*time.Second, func() (ok bool, said string) {
		var idle string
		listed, said, idle = w.unlisted()
		return said == "" && idle == "", said + idle
	})
	count := map[string]int{}
	for _, l := range listed {
		count[l.Protection]++
		t.Logf("%-22s %-24s %-36s %s", l.Address, l.Owner, l.What, l.Protection)
		if l.Credential != "" {
			if info, err := os.Stat(l.Credential); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the secret of %s: %v %v", l.Owner, info, err)
			}
		}
	}
	for _, word := range []string{drivers.ByToken, drivers.ByPassword, drivers.ByCertificate, drivers.OnLoopback, drivers.OwnPrograms} {
		if count[word] == 0 {
			t.Errorf("nothing is protected by %s", word)
		}
	}
	if out := w.must("get", "listeners"); !strings.Contains(out, "PROTECTION") || !strings.Contains(out, "embedded Prometheus") {
		t.Error(out)
	}
	t.Run("strangers get nothing", func(t *testing.T) { strangersGetNothing(t, listed) })
	t.Run("Prometheus of the monitors", func(t *testing.T) { w.onlyWithPassword(t, listed) })
	t.Run("telemetry arrives", func(t *testing.T) { w.telemetry(t, listed) })
	t.Run("a flood changes nothing for others", func(t *testing.T) { w.floodAll(t, listed) })
	w.must("delete", "experiment", "all", "--yes", "--timeout", "2m")
}

// unlisted compares the list of listeners with what the kernel says of this world's processes. It names one that listens and is
// not in the list, and one in the list that no process has; empty: there is none.
func (w *testWorld) unlisted() (listed []view.ListenerStatus, said, idle string) {
	w.t.Helper()
	listed = w.listeners()
	ports := map[int]bool{}
	kernel := listening(w.t, w.dir)
	controller := false
	for _, l := range listed {
		_, port, _ := net.SplitHostPort(l.Address)
		n, _ := strconv.Atoi(port)
		ports[n] = true
		controller = controller || l.Owner == "controller"
		if kernel[n] == "" {
			idle = fmt.Sprintf("nobody listens at %+v", l)
		}
	}
	for port, who := range kernel {
		if !ports[port] {
			said = fmt.Sprintf("%s listens on port %d, which is not listed: %+v", who, port, listed)
		}
	}
	if !controller {
		said = "the controller does not listen yet"
	}
	return listed, said, idle
}

// listeners are those that the command line lists.
func (w *testWorld) listeners() (out []view.ListenerStatus) {
	w.t.Helper()
	var list struct {
		Items []struct{ Status view.ListenerStatus }
	}
	if err := json.Unmarshal([]byte(w.must("get", "listeners", "-o", "json")), &list); err != nil {
		w.t.Fatal(err)
	}
	for _, i := range list.Items {
		out = append(out, i.Status)
	}
	return out
}

// listening are the TCP ports on which processes listen that carry dir in their environment or command line.
func listening(t *testing.T, dir string) map[int]string {
	t.Helper()
	ports := map[string]int{} // by inode
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			cells := strings.Fields(lines.Text())
			if len(cells) < 10 || cells[3] != "0A" {
				continue
			}
			_, port, _ := strings.Cut(cells[1], ":")
			if n, err := strconv.ParseUint(port, 16, 16); err == nil {
				ports[cells[9]] = int(n)
			}
		}
		f.Close()
	}
	out := map[int]string{}
	self := strconv.Itoa(os.Getpid())
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range processes {
		env, _ := os.ReadFile(p + "/environ")
		line, _ := os.ReadFile(p + "/cmdline")
		if filepath.Base(p) == self || !strings.Contains(string(env)+string(line), dir) || strings.HasPrefix(string(line), "srun\x00") {
			continue // srun listens for its own daemons, which prove themselves to it as Slurm wants it
		}
		fds, _ := filepath.Glob(p + "/fd/*")
		for _, fd := range fds {
			to, _ := os.Readlink(fd)
			if port := ports[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")]; port != 0 {
				out[port] = strings.ReplaceAll(string(line), "\x00", " ")
			}
		}
	}
	return out
}

// strangersGetNothing asks every listener that asks for something, without it.
func strangersGetNothing(t *testing.T, listed []view.ListenerStatus) {
	client := http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, l := range listed {
		switch l.Protection {
		case drivers.ByCertificate:
			c, err := tls.Dial("tcp", l.Address, &tls.Config{InsecureSkipVerify: true})
			if err == nil {
				_ = c.SetDeadline(time.Now().Add(5 * time.Second))
				fmt.Fprint(c, "GET / HTTP/1.0\r\n\r\n")
				if b, err := io.ReadAll(c); len(b) > 0 || err == nil {
					t.Errorf("%+v answers %q %v", l, b, err)
				}
				c.Close()
			}
		case drivers.ByToken, drivers.ByPassword:
			for _, path := range []string{"/", "/metrics", "/api/v1/query?query=up", "/v1/models", "/api/datasources", "/textfile/monitors.prometheus"} {
				if l.Protection == drivers.ByToken && strings.HasPrefix(l.What, "main") && !strings.HasPrefix(path, "/v1") || l.Owner == "monitors.grafana" && path != "/metrics" && path != "/api/datasources" {
					continue // vLLM guards /v1 alone; Grafana shows its login page to everybody
				}
				res, err := client.Get("http://" + l.Address + path)
				if err != nil {
					t.Errorf("%+v: %v", l, err)
					continue
				}
				res.Body.Close()
				if code := res.StatusCode; code != http.StatusUnauthorized && code != http.StatusNotFound {
					t.Errorf("%s %s%s answers %d", l.Owner, l.Address, path, code)
				}
			}
		}
	}
}

// find is the listener of an owner that serves something.
func find(t *testing.T, listed []view.ListenerStatus, owner, what string) view.ListenerStatus {
	t.Helper()
	for _, l := range listed {
		if l.Owner == owner && strings.HasPrefix(l.What, what) {
			return l
		}
	}
	t.Fatalf("no %s of %s in %+v", what, owner, listed)
	return view.ListenerStatus{}
}

// onlyWithPassword: queries, reloads, remote writes and the end of Prometheus need the password; with it all targets are up.
func (w *testWorld) onlyWithPassword(t *testing.T, listed []view.ListenerStatus) {
	l := find(t, listed, "monitors.prometheus", "main")
	for _, path := range []string{"/-/reload", "/-/quit", "/api/v1/write", "/api/v1/query?query=up"} {
		res, err := http.Post("http://"+l.Address+path, "application/x-protobuf", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	w.until("it scrapes all", 90*time.Second, func() (bool, string) {
		var v struct {
			Data struct {
				Active []active `json:"activeTargets"`
			} `json:"data"`
		}
		if err := fetchAs("http://"+l.Address+"/api/v1/targets", drivers.PasswordUser, secretOf(t, l), &v); err != nil {
			return false, err.Error()
		}
		seen := map[string]bool{}
		for _, a := range v.Data.Active {
			if a.Health != "up" {
				return false, fmt.Sprintf("%+v", a)
			}
			seen[strings.TrimLeft(a.Labels["assay_target"], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")] = true
		}
		for _, want := range []string{"/monitors.prometheus", "/monitors.grafana", "/monitors.otel-collector", "/llm", "/web", "/textfile/monitors.prometheus"} {
			if !seen[want] {
				return false, fmt.Sprintf("%s is missing in %v", want, seen)
			}
		}
		return true, ""
	})
	res, err := http.NewRequest(http.MethodPost, "http://"+l.Address+"/-/reload", nil)
	if err != nil {
		t.Fatal(err)
	}
	res.SetBasicAuth(drivers.PasswordUser, secretOf(t, l))
	if answer, err := http.DefaultClient.Do(res); err != nil || answer.StatusCode != 200 {
		t.Errorf("with the password it reloads: %v %v", answer, err)
	}
}

// telemetry is sent to a relay, as a program of a service would, and arrives in the collector's file and in Prometheus.
func (w *testWorld) telemetry(t *testing.T, listed []view.ListenerStatus) {
	relay, prometheus := find(t, listed, "agent", "relay to otlp-http"), find(t, listed, "monitors.prometheus", "main")
	const resource = `"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"llm"}}]}`
	w.until("a trace in the collector's file", time.Minute, func() (bool, string) {
		status := post("http://"+relay.Address+"/v1/traces", `{"resourceSpans":[{`+resource+`,"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",
			"spanId":"eee19b7ec3c1b174","name":"seen","kind":2,"startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000"}]}]}]}`)
		files, _ := filepath.Glob(filepath.Join(w.state, "work", "all", "monitors.otel-collector", "*", "traces", "traces.jsonl"))
		if len(files) != 1 {
			return false, fmt.Sprint(status, files)
		}
		info, err := os.Stat(files[0])
		return err == nil && info.Size() > 0, fmt.Sprint(status, info, err)
	})
	if os.Getenv("ASSAY_OTELCOL") == "" {
		return // the stand-in forwards no metrics
	}
	w.until("a metric in Prometheus", time.Minute, func() (bool, string) {
		status := post("http://"+relay.Address+"/v1/metrics", fmt.Sprintf(`{"resourceMetrics":[{`+resource+`,"scopeMetrics":[{"metrics":[{"name":"assay_test_value",
			"gauge":{"dataPoints":[{"asDouble":7,"timeUnixNano":"%d"}]}}]}]}]}`, time.Now().UnixNano()))
		var v struct {
			Data struct {
				Result []struct{ Metric map[string]string } `json:"result"`
			} `json:"data"`
		}
		err := fetchAs("http://"+prometheus.Address+"/api/v1/query?query=assay_test_value", drivers.PasswordUser, secretOf(t, prometheus), &v)
		return len(v.Data.Result) == 1 && v.Data.Result[0].Metric["service_name"] == "llm", fmt.Sprint(status, err, v)
	})
}

func secretOf(t *testing.T, l view.ListenerStatus) string {
	t.Helper()
	b, err := os.ReadFile(l.Credential)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// queries reports whether a listener is the embedded Prometheus; the controller's own shows metrics.
func queries(l view.ListenerStatus) bool {
	return l.Owner == "controller" && !strings.HasPrefix(l.What, "its metrics")
}

// floodAll opens 2,000 connections to each listener of assay itself; meanwhile it is asked and answers, and services stay Ready.
func (w *testWorld) floodAll(t *testing.T, listed []view.ListenerStatus) {
	const flood = 2000
	for _, l := range listed {
		if l.Protection != drivers.ByToken || l.Owner != "agent" && l.Owner != "controller" && l.Owner != "web" {
			continue
		}
		path := "/metrics"
		switch {
		case queries(l):
			path = "/api/v1/query?query=1"
		case l.Owner == "web":
			path = "/api"
		}
		served := 0
		var open []net.Conn
		for i := range flood {
			c, err := net.Dial("tcp", l.Address)
			if err != nil {
				t.Fatalf("%s, connection %d: %v", l.Owner, i, err)
			}
			open = append(open, c)
			if i%500 != 499 {
				continue
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.Address+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+secretOf(t, l))
			res, err := http.DefaultClient.Do(req)
			if err != nil || res.StatusCode != 200 {
				t.Errorf("%s after %d connections: %v %v", l.Owner, i+1, res, err)
			} else {
				res.Body.Close()
				served++
			}
			cancel()
		}
		left := 0
		for _, c := range open {
			_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
			if _, err := c.Read(make([]byte, 1)); os.IsTimeout(err) {
				left++
			}
			c.Close()
		}
		if left > 200 {
			t.Errorf("%s keeps %d connections of strangers", l.Owner, left)
		}
		t.Logf("%s %s: %d idle connections, %d left, %d of 4 questions answered meanwhile", l.Owner, l.Address, flood, left, served)
	}
	for _, s := range []string{"monitors", "llm", "docs", "web"} {
		if seat := w.seat("all", s); !seat.Ready || seat.Restarts != 0 {
			t.Errorf("%s: %+v", s, seat)
		}
	}
}
