package serving

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite"
)

func TestFailures(t *testing.T) {
	every := func(k int, do func(w http.ResponseWriter, text string)) func(int, http.ResponseWriter, string) bool {
		return func(n int, w http.ResponseWriter, text string) bool {
			if n%k == k-1 {
				do(w, text)
				return true
			}
			return false
		}
	}
	abort := func(w http.ResponseWriter) {
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	for kind, do := range map[string]func(w http.ResponseWriter, text string){
		"http_500":         func(w http.ResponseWriter, _ string) { http.Error(w, "no", 500) },
		"truncated_stream": func(w http.ResponseWriter, text string) { emit(w, false, text, nil) },
		"connection_lost":  func(w http.ResponseWriter, text string) { emit(w, false, text, nil); abort(w) },
		"timeout": func(w http.ResponseWriter, text string) {
			emit(w, false, text, nil)
			time.Sleep(700 * time.Millisecond)
		},
		"error_event": func(w http.ResponseWriter, text string) {
			emit(w, false, text, nil)
			fmt.Fprint(w, "data: {\"error\":{\"message\":\"engine died\"}}\n\ndata: [DONE]\n\n")
		},
		"bad_event": func(w http.ResponseWriter, _ string) { fmt.Fprint(w, "data: {\"choices\":7}\n\ndata: [DONE]\n\n") },
		"no_tokens": func(w http.ResponseWriter, _ string) {
			emit(w, false, "", "stop")
			fmt.Fprint(w, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":120,\"completion_tokens\":0}}\n\ndata: [DONE]\n\n")
		},
		"no_output": func(w http.ResponseWriter, _ string) { fmt.Fprint(w, ": hello\n\ndata: [DONE]\n\n") },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := &flawed{knows: structuredOutputs, misbehave: every(4, do)}
			res, dir, err := measure(t, spec(func(v *v1alpha1.Serving) { v.RequestTimeout = v1alpha1.Duration(500 * time.Millisecond) }), serve(t, f))
			if err != nil {
				t.Fatal(err)
			}
			if got := reasons(res); res.Valid || !slices.Equal(got, []string{suite.ReasonErrorRate}) {
				t.Errorf("valid %v, reasons %v", res.Valid, res.Reasons)
			}
			wantMetrics(t, res, map[string]float64{"completed": 15, "failed": 5, "failed_" + kind: 5, "correct_rate_percent": 100, "input_tokens": 15 * flawedPrompt})
			if got := res.Metrics["e2el_max_ms"]; got <= 0 || got > 450 {
				t.Errorf("e2el p90 is %v ms: failed requests are in it", got)
			}
			if got := outcomes(t, dir); got[kind] != 5 || got["ok"] != 15 {
				t.Errorf("samples hold %v", got)
			}
		})
	}
}

func outcomes(t *testing.T, dir string) map[string]int {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, samplesFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for lines := bufio.NewScanner(z); lines.Scan(); {
		var l sampleLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		if l.Outcome == "ok" == (l.E2EL == 0) || l.Due < 0 || l.Sent < l.Due {
			t.Errorf("line %+v", l)
		}
		got[l.Outcome]++
	}
	return got
}

// TestNobodyAnswers: a server that is gone, or hangs, is lost and not judged (C24).
func TestNobodyAnswers(t *testing.T) {
	hangs := &flawed{knows: structuredOutputs, misbehave: func(_ int, w http.ResponseWriter, _ string) bool {
		panic(http.ErrAbortHandler) // the connection breaks off without an answer
	}}
	for name, url := range map[string]string{"nobody listens": unused(t), "it breaks off": serve(t, hangs)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			req := drivers.SuiteRequest{Run: "r", Benchmark: "b", Target: "llm", Endpoints: []string{url}, Model: "org/tiny", Serving: spec(nil), Seed: 11}
			if err := (durable.Writer{}).ReplaceRecord(filepath.Join(dir, drivers.RequestFile), req, nil); err != nil {
				t.Fatal(err)
			}
			_ = suite.Run(t.Context(), dir, "v", suite.Suites{Serving: Suite{}})
			var res drivers.SuiteResult
			if err := durable.ReadRecord(filepath.Join(dir, drivers.ResultFile), &res); err != nil || res.Lost != drivers.LostTarget {
				t.Errorf("lost %q: %s, %v", res.Lost, res.Error, err)
			}
		})
	}
}

func TestNothingCompleted(t *testing.T) {
	f := &flawed{knows: structuredOutputs, misbehave: func(_ int, w http.ResponseWriter, _ string) bool {
		http.Error(w, "no", http.StatusServiceUnavailable)
		return true
	}}
	res, dir, err := measure(t, spec(nil), serve(t, f))
	if err != nil {
		t.Fatal(err)
	}
	if got := reasons(res); res.Valid || !slices.Equal(got, []string{suite.ReasonNothingCompleted}) {
		t.Errorf("valid %v, reasons %v", res.Valid, res.Reasons)
	}
	wantMetrics(t, res, map[string]float64{"completed": 0, "failed": 20, "failed_http_503": 20})
	for m := range res.Metrics {
		if strings.HasPrefix(m, "ttft") || strings.HasPrefix(m, "e2el") || strings.HasPrefix(m, "itl") || strings.HasSuffix(m, "throughput") {
			t.Errorf("%s is reported although nothing completed", m)
		}
	}
	if vllm := readVLLM(t, dir, res); vllm["completed"] != 0.0 || vllm["mean_ttft_ms"] != nil {
		t.Errorf("vLLM's file: completed %v, mean_ttft_ms %v", vllm["completed"], vllm["mean_ttft_ms"])
	}
}
