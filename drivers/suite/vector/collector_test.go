package vector

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// A real collector passes on to a real Prometheus what the dashboards ask for, and keeps the traces.
func TestRealCollector(t *testing.T) {
	collector := os.Getenv("ASSAY_OTELCOL")
	prometheus, err := exec.LookPath("prometheus")
	if collector == "" || err != nil {
		t.Skip("needs Prometheus and a real OpenTelemetry Collector, named by ASSAY_OTELCOL: make otelcol builds one")
	}
	dir, in, store := t.TempDir(), freePort(t), freePort(t)
	traces := filepath.Join(dir, "traces.jsonl")
	start(t, prometheus, "--config.file="+put(t, "prometheus.yml", nil), "--storage.tsdb.path="+dir, "--web.enable-remote-write-receiver",
		fmt.Sprintf("--web.listen-address=127.0.0.1:%d", store))
	until(t, "Prometheus is ready", func() bool { return answers(fmt.Sprintf("http://127.0.0.1:%d/-/ready", store)) })
	start(t, collector, "--config="+put(t, "collector.yaml", fmt.Appendf(nil, `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters:
  file: {path: %s}
  prometheusremotewrite: {endpoint: "http://127.0.0.1:%d/api/v1/write", resource_to_telemetry_conversion: {enabled: true}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    metrics: {receivers: [otlp], exporters: [prometheusremotewrite]}
    traces: {receivers: [otlp], exporters: [file]}
`, in, traces, store)))
	until(t, "the collector listens", func() bool { return answers(fmt.Sprintf("http://127.0.0.1:%d/", in)) })

	t.Setenv(collectorVariable, fmt.Sprintf("http://127.0.0.1:%d", in))
	srv := httptest.NewServer(&flawed{maxBatch: 100})
	defer srv.Close()
	res, err := run(t, request("r", srv.URL, v1alpha1.Vector{Vectors: 50, Dimension: 4, Queries: 5, TopK: 2, BatchSize: 20}))
	if err != nil || len(reasons(res)) != 0 {
		t.Fatal(err, res.Reasons)
	}
	const choice = `{experiment="exp",service="docs",node!="",db_system_name="chroma",telemetry_sdk_name="openlit",`
	for query, want := range map[string]string{
		`db_requests_total` + choice + `db_operation_name="GET"}`:                                      "5",
		`db_requests_total` + choice + `db_operation_name="INSERT"}`:                                   "3",
		`db_client_operation_duration_seconds_bucket` + choice + `db_operation_name="GET",le="+Inf"}`:  "5",
		`http_client_request_duration_seconds_count{experiment="exp",http_response_status_code="201"}`: "3",
	} {
		until(t, query+" is "+want, func() bool { return value(store, query) == want })
	}
	until(t, "traces are kept", func() bool {
		b, _ := os.ReadFile(traces)
		return strings.Count(string(b), `"name":"chroma GET"`) == 5
	})
}

func start(t *testing.T, argv ...string) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func until(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !check(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it was not so within 30 s: %s", what)
		}
	}
}

func answers(address string) bool {
	resp, err := http.Get(address)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode < 500
}

// value is what a query has as its only answer.
func value(port int, query string) string {
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/api/v1/query?query=%s", port, url.QueryEscape(query)))
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	var v struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if json.NewDecoder(resp.Body).Decode(&v) != nil || len(v.Data.Result) != 1 {
		return ""
	}
	return fmt.Sprint(v.Data.Result[0].Value[1])
}
