package serving

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

func readVLLM(t *testing.T, dir string, res drivers.SuiteResult) map[string]any {
	t.Helper()
	if len(res.Files) != 3 || res.Files[1] != samplesFile {
		t.Fatalf("files %q", res.Files)
	}
	info, err := os.Stat(filepath.Join(dir, res.Files[0]))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	b, err := os.ReadFile(filepath.Join(dir, res.Files[0]))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// The file has every field that the users' tools read, and agrees with result.json.
func TestVLLMResult(t *testing.T) {
	f := &flawed{knows: structuredOutputs, pause: time.Millisecond}
	res, dir, err := measure(t, spec(func(v *v1alpha1.Serving) { v.Prompts = 12 }), serve(t, f))
	if err != nil {
		t.Fatal(err)
	}
	if name := res.Files[0]; !regexp.MustCompile(`^benchmark_tiny_n12_ol64_mc4_dsjson_\d{8}-\d{6}\.json$`).MatchString(name) {
		t.Errorf("named %s", name)
	}
	m := readVLLM(t, dir, res)
	for _, name := range []string{
		"backend", "model_id", "tokenizer_id", "num_prompts", "request_rate", "burstiness", "max_concurrency", "correct_rate(%)",
		"duration", "completed", "total_input_tokens", "total_output_tokens", "request_throughput", "output_throughput",
		"total_token_throughput", "ttft_description", "tpot_description", "input_lens", "output_lens", "ttfts", "itls", "errors",
		"outputs", "date", "endpoint_type", "label", "failed", "start_times",
		"mean_ttft_ms", "median_ttft_ms", "std_ttft_ms", "p99_ttft_ms", "mean_tpot_ms", "p99_tpot_ms", "mean_itl_ms", "p99_itl_ms",
		"mean_e2el_ms", "p99_e2el_ms",
	} {
		if _, ok := m[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	for theirs, ours := range map[string]string{
		"completed": "completed", "duration": "duration_s", "total_output_tokens": "output_tokens", "request_throughput": "request_throughput",
		"mean_ttft_ms": "ttft_mean_ms", "median_itl_ms": "itl_median_ms", "std_e2el_ms": "e2el_std_ms",
		"correct_rate(%)": "correct_rate_percent",
	} {
		if m[theirs] != res.Metrics[ours] {
			t.Errorf("%s is %v, %s is %v", theirs, m[theirs], ours, res.Metrics[ours])
		}
	}
	if m["p99_ttft_ms"] != nil || m["max_ttft_ms"] != res.Metrics["ttft_max_ms"] || m["overloaded"] != false {
		t.Errorf("p99 %v of 12 requests, max %v, overloaded %v", m["p99_ttft_ms"], m["max_ttft_ms"], m["overloaded"])
	}
	if m["request_rate"] != "inf" || m["model_id"] != "org/tiny" {
		t.Errorf("request_rate %v, model_id %v", m["request_rate"], m["model_id"])
	}
	for _, list := range []string{"input_lens", "output_lens", "ttfts", "itls", "errors", "outputs"} {
		if n := len(m[list].([]any)); n != 12 {
			t.Errorf("%s has %d entries", list, n)
		}
	}
	first := m["outputs"].([]any)[0].(map[string]any)
	if first["correctness"] != true || first["generated"] == "" || first["expected"].(map[string]any)["type"] != "object" {
		t.Errorf("outputs: %v", first)
	}
}

func TestVLLMFileName(t *testing.T) {
	at := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	got := vllmFile(`../e "vil`+"\n", &v1alpha1.Serving{Prompts: 5, OutputTokens: 6, Concurrency: 7, Dataset: "regex"}, at)
	if want := "benchmark_e--vil-_n5_ol6_mc7_dsregex_20310203-040506.json"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
