package serving

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/suite"
)

// TestTenGigabytes: one answer of 20 that does not end makes the result invalid by a name of its own. Little of it is read,
// and the other answers are measured as they are.
func TestTenGigabytes(t *testing.T) {
	var sent atomic.Int64
	f := &flawed{knows: structuredOutputs, misbehave: func(n int, w http.ResponseWriter, text string) bool {
		if n != 7 {
			return false
		}
		piece := []byte(strings.Repeat("data: {\"choices\":[{\"text\":\"x\"}]}\n\n", 1<<14))
		for sent.Load() < 10<<30 {
			n, err := w.Write(piece)
			if sent.Add(int64(n)); err != nil {
				break
			}
		}
		return true
	}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	res, dir, err := measure(t, spec(nil), serve(t, f))
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if got := reasons(res); res.Valid || !slices.Contains(got, suite.ReasonAnswerTooLarge) {
		t.Errorf("valid %v, reasons %v", res.Valid, res.Reasons)
	}
	wantMetrics(t, res, map[string]float64{"completed": 19, "failed": 1, "failed_" + suite.TooLarge: 1, "correct_rate_percent": 100, "input_tokens": 19 * flawedPrompt})
	if got := outcomes(t, dir); got[suite.TooLarge] != 1 || got["ok"] != 19 {
		t.Errorf("samples hold %v", got)
	}
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("%d bytes were taken", n)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 256<<20 {
		t.Errorf("%d bytes were allocated", used)
	}
}

// TestKeyStaysWithItsOrigin: a server that redirects to another port gets a failure, and nobody else the key.
func TestKeyStaysWithItsOrigin(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.URL.Path+" "+r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("s3cret-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &flawed{knows: structuredOutputs}
	for name, away := range map[string]func(r *http.Request) bool{
		"models":      func(r *http.Request) bool { return r.URL.Path == "/v1/models" },
		"completions": func(r *http.Request) bool { return r.URL.Path == "/v1/completions" },
		"metrics":     func(r *http.Request) bool { return r.URL.Path == "/metrics" },
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if away(r) {
					http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
					return
				}
				f.ServeHTTP(w, r)
			}))
			t.Cleanup(srv.Close)
			_, _ = Suite{}.Run(t.Context(), drivers.SuiteRequest{Run: "r", Benchmark: "b", Target: "llm", Endpoints: []string{srv.URL}, Model: "org/tiny",
				Serving: spec(nil), Seed: 11, TokenFile: key}, t.TempDir(), func(string) {})
			mu.Lock()
			defer mu.Unlock()
			if len(seen) > 0 {
				t.Errorf("the other port saw %v", seen)
			}
		})
	}
}

// TestReadingsAreBounded: a server whose metrics have ever new names is read like one that has the known ones only.
func TestReadingsAreBounded(t *testing.T) {
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		var b strings.Builder
		b.WriteString("# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running 3\n")
		for i := range 20_000 {
			fmt.Fprintf(&b, "# TYPE x_%d_%d gauge\nx_%d_%d 1\n", n, i, n, i)
		}
		_, _ = io.WriteString(w, b.String())
	}))
	t.Cleanup(srv.Close)
	c := newClient([]string{srv.URL}, time.Minute, 1, 128)
	t.Cleanup(c.close)
	if r := c.read(t.Context()); len(r) != 1 || r.second(0).sum[0] != 3 {
		t.Errorf("%d metrics are kept", len(r))
	}
}
