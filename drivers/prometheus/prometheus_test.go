package prometheus

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/drivers"
)

const exposition = `# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{model_name="m1"} 2
# TYPE demo_total counter
demo_total 7
`

func metricsServer(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, exposition) }))
	t.Cleanup(s.Close)
	return s
}

// The tokens of the server under test.
const queryToken, scrapeToken = "Q4J2XQUERY", "Q4J2XSCRAPE"

func start(t *testing.T) *Embedded {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "query"), queryToken)
	write(t, filepath.Join(dir, "scrape"), scrapeToken)
	write(t, filepath.Join(dir, "own"), "assay_own 1\n")
	e, err := Start(Options{Dir: filepath.Join(dir, "tsdb"), Token: filepath.Join(dir, "query"), Scrape: filepath.Join(dir, "scrape"), Textfile: filepath.Join(dir, "own"), Listen: "127.0.0.1:0", Interval: 300 * time.Millisecond, Retain: time.Hour, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// eventually polls ask until it equals want, or fails after 30 s with the difference.
func eventually[T any](t *testing.T, want T, ask func() T) {
	t.Helper()
	var diff string
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if diff = cmp.Diff(want, ask()); diff == "" {
			return
		}
	}
	t.Fatalf("never became so (-want +got):\n%s", diff)
}

func healthOf(t *testing.T, m drivers.Metrics) map[string]drivers.Health {
	t.Helper()
	h, err := m.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestEmbeddedFollowsTargets(t *testing.T) {
	e, srv := start(t), metricsServer(t)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	deadURL := "http://" + dead.Addr().String() + "/metrics"
	dead.Close()
	set := func(targets ...drivers.Target) {
		t.Helper()
		if err := e.SetTargets(t.Context(), targets); err != nil {
			t.Fatal(err)
		}
	}
	live := drivers.Target{ID: "n1/llm", URL: srv.URL + "/metrics", Labels: map[string]string{"service": "llm"}}
	set(live, drivers.Target{ID: "n2/docs", URL: deadURL})
	type seen struct {
		Up, Failing bool
		Models      []string
	}
	look := func() map[string]seen {
		out := map[string]seen{}
		for id, h := range healthOf(t, e) {
			if id != "controller" {
				out[id] = seen{h.Up, h.Error != "", h.Models}
			}
		}
		return out
	}
	eventually(t, map[string]seen{"n1/llm": {Up: true, Models: []string{"m1"}}, "n2/docs": {Failing: true}}, look)
	set(live)
	eventually(t, map[string]seen{"n1/llm": {Up: true, Models: []string{"m1"}}}, look)
	set()
	eventually(t, map[string]seen{}, look)
}

func TestQueryAPI(t *testing.T) {
	e, srv := start(t), metricsServer(t)
	if err := e.SetTargets(t.Context(), []drivers.Target{{ID: "n1/llm", URL: srv.URL + "/metrics", Labels: map[string]string{"service": "llm"}}}); err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(e.URL(), queryToken, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, map[string]drivers.Health{"controller": {Up: true}, "n1/llm": {Up: true, Models: []string{"m1"}}}, func() map[string]drivers.Health { return healthOf(t, c) })
	get := func(path string, form url.Values) (int, string) {
		resp := ask(t, e, path, queryToken, form)
		defer resp.Body.Close()
		var body struct {
			Data  json.RawMessage
			Error string
		}
		if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body.Data) + body.Error
	}
	now := fmt.Sprint(time.Now().Unix())
	before := fmt.Sprint(time.Now().Add(-time.Minute).Unix())
	for name, tc := range map[string]struct {
		path   string
		form   url.Values
		status int
		want   string // part of the answer
	}{
		"instant":       {"/api/v1/query", url.Values{"query": {"sum by (service) (demo_total)"}}, 200, `{"service":"llm"}`},
		"range":         {"/api/v1/query_range", url.Values{"query": {"demo_total"}, "start": {before}, "end": {now}, "step": {"1s"}}, 200, `"matrix"`},
		"series":        {"/api/v1/series", url.Values{"match[]": {"demo_total"}}, 200, `"assay_target":"n1/llm"`},
		"labels":        {"/api/v1/labels", nil, 200, `"service"`},
		"label values":  {"/api/v1/label/service/values", nil, 200, `["llm"]`},
		"targets":       {"/api/v1/targets", nil, 200, `"health":"up"`},
		"bad promql":    {"/api/v1/query", url.Values{"query": {"sum("}}, 400, "parse error"},
		"bad time":      {"/api/v1/query", url.Values{"query": {"up"}, "time": {"soon"}}, 400, "soon"},
		"too many":      {"/api/v1/query_range", url.Values{"query": {"up"}, "start": {"0"}, "end": {now}, "step": {"1s"}}, 400, "points"},
		"no match":      {"/api/v1/series", nil, 400, "match[]"},
		"scalar":        {"/api/v1/query", url.Values{"query": {"1+1"}}, 200, `"2"`},
		"metric by job": {"/api/v1/query", url.Values{"query": {`up{service="llm"}`}}, 200, `"1"`},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := get(tc.path, tc.form); status != tc.status || !strings.Contains(body, tc.want) {
				t.Fatalf("%d %s; want %d with %s", status, body, tc.status, tc.want)
			}
		})
	}
}

// A server that does not run is an error, never an empty answer.
func TestClientUnreachable(t *testing.T) {
	c, err := NewClient("http://127.0.0.1:1", "", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := c.Health(t.Context()); err == nil {
		t.Fatalf("answered %v", h)
	}
}

// Debian's Prometheus reads the file_sd file and answers the same questions.
func TestRealPrometheus(t *testing.T) {
	bin, err := exec.LookPath("prometheus")
	if err != nil {
		if os.Getenv("ASSAY_REQUIRE_PROMETHEUS") == "1" {
			t.Fatal(err)
		}
		t.Skip("no prometheus on PATH: apt-get install prometheus")
	}
	dir, srv := t.TempDir(), metricsServer(t)
	host := strings.TrimPrefix(srv.URL, "http://")
	write(t, filepath.Join(dir, "targets.json"), fmt.Sprintf(`[{"targets":[%q],"labels":{"assay_target":"n1/llm"}}]`, host))
	write(t, filepath.Join(dir, "p.yml"), "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: assay, file_sd_configs: [{files: ["+dir+"/targets.json]}]}]\n")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, bin, "--config.file="+filepath.Join(dir, "p.yml"), "--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address="+addr)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() }) // its exit status is our kill
	c, err := NewClient("http://"+addr, "", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, map[string]drivers.Health{"n1/llm": {Up: true, Models: []string{"m1"}}}, func() map[string]drivers.Health {
		h, err := c.Health(t.Context())
		if err != nil {
			return nil // still starting
		}
		return h
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
