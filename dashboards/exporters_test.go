package dashboards

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	dto "github.com/prometheus/client_model/go"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/hardware"
	"assay/drivers/service/simulator"
)

// exporters starts everything that is scraped: the simulator under load and this machine's hardware are real, each file
// under testdata stands for an exporter that no test machine has.
func exporters(t *testing.T) []drivers.Target {
	machine, err := hardware.Handler("/proc")
	if err != nil {
		t.Fatal(err)
	}
	lustre := emulated(t, "lustre.prom")
	labels := func(service string) map[string]string {
		return map[string]string{"experiment": "new", "service": service, "job_id": "101", "node": "n1"}
	}
	dead := serve(t, "dead", labels("dead"), http.NotFoundHandler())
	return []drivers.Target{
		dead,
		serve(t, "simulator", labels("v1"), loadedSimulator(t)),
		serve(t, "idle simulator", labels("idle"), simulator.New(simulator.Config{Model: "m"})), // nothing observed is nothing shown, not NaN
		serve(t, "hardware", labels("llm"), machine),
		serve(t, "hardware again", labels("docs"), machine), // two jobs on one node: nothing may be counted twice
		serve(t, "emulated cpu", map[string]string{"experiment": "new", "service": "llm", "job_id": "101", "node": "n2"}, emulated(t, "cpu.prom")),
		serve(t, "emulated vllm-v0", labels("v0"), emulated(t, "vllm-v0.prom")),
		serve(t, "emulated vllm-v1-early", labels("early"), emulated(t, "vllm-v1-early.prom")),
		serve(t, "emulated chroma", labels("docs"), emulated(t, "chroma.prom")),
		serve(t, "emulated gpu", labels("llm"), emulated(t, "gpu.prom")),
		serve(t, "emulated lustre", labels("llm"), lustre),
		serve(t, "emulated lustre again", labels("docs"), lustre),
		serve(t, "emulated controller", nil, emulated(t, "controller.prom")),
		serve(t, "emulated prometheus", nil, emulated(t, "prometheus.prom")),
	}
}

func serve(t *testing.T, id string, labels map[string]string, h http.Handler) drivers.Target {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return drivers.Target{ID: id, URL: srv.URL + "/metrics", Labels: labels}
}

// loadedSimulator is the built-in simulator of vLLM, sent requests without a pause until the test ends.
func loadedSimulator(t *testing.T) http.Handler {
	server := simulator.New(simulator.Config{Model: "m", Simulate: v1alpha1.Simulate{
		TTFT: v1alpha1.Duration(5 * time.Millisecond), ITL: v1alpha1.Duration(time.Millisecond)}})
	api := httptest.NewServer(server)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ctx.Err() == nil; n++ {
			if err := ask(ctx, api.URL, n); err != nil && ctx.Err() == nil {
				t.Errorf("asking the simulator: %v", err)
				return
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done; api.Close() })
	return server
}

// ask sends one request; every second prompt has been sent before.
func ask(ctx context.Context, url string, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	prompt := strings.Repeat(fmt.Sprintf("question %d ", n/2), 40)
	body := fmt.Sprintf(`{"model": "m", "stream": true, "max_tokens": 8, "messages": [{"role": "user", "content": %q}]}`, prompt)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, answer.String())
	}
	return nil
}

// emulated serves a file under testdata: gauges as they are, counters and histograms times the number of scrapes so far.
func emulated(t *testing.T, file string) http.Handler {
	raw, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(raw, []byte("# Emulated")) {
		t.Fatalf("%s must say in its first line that it is emulated", file)
	}
	var scrapes atomic.Uint64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(raw))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		n := scrapes.Add(1)
		w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
		for _, family := range families {
			grow(family, n)
			if _, err := expfmt.MetricFamilyToText(w, family); err != nil {
				return // the scraper hung up
			}
		}
	})
}

// grow multiplies what only ever grows.
func grow(f *dto.MetricFamily, n uint64) {
	for _, m := range f.Metric {
		if c := m.Counter; c != nil {
			*c.Value *= float64(n)
		}
		if h := m.Histogram; h != nil {
			*h.SampleCount *= n
			*h.SampleSum *= float64(n)
			for _, b := range h.Bucket {
				*b.CumulativeCount *= n
			}
		}
	}
}
