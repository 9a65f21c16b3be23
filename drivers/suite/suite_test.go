package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/bounded"
)

// suiteFunc is a suite made of a function.
type suiteFunc func(ctx context.Context, dir string, progress func(string)) (drivers.SuiteResult, error)

func (f suiteFunc) Run(ctx context.Context, _ drivers.SuiteRequest, dir string, progress func(string)) (drivers.SuiteResult, error) {
	return f(ctx, dir, progress)
}

func runDir(t *testing.T, request any) string {
	t.Helper()
	dir := t.TempDir()
	b, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, drivers.RequestFile), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func serving() drivers.SuiteRequest {
	return drivers.SuiteRequest{
		Run: "r1", Endpoints: []string{"http://h:1"}, Simulated: true, Serving: &v1alpha1.Serving{Dataset: "json", RequestTimeout: 1e9},
	}
}

func TestRun(t *testing.T) {
	good := func(_ context.Context, _ string, progress func(string)) (drivers.SuiteResult, error) {
		progress("half")
		progress("done")
		return drivers.SuiteResult{Metrics: map[string]float64{"x": 1}, Valid: true, Files: []string{"f"}}, nil
	}
	for name, test := range map[string]struct {
		request any
		suite   suiteFunc
		want    drivers.SuiteResult // Started, Ended, Host, Clients aside
		err     string
	}{
		"good": {serving(), good, drivers.SuiteResult{
			Run: "r1", Metrics: map[string]float64{"x": 1}, Valid: true, Files: []string{"f"}, Versions: map[string]string{"assay": "v9"}}, ""},
		"fails": {serving(), func(context.Context, string, func(string)) (drivers.SuiteResult, error) {
			return drivers.SuiteResult{Metrics: map[string]float64{"x": 1}, Valid: true}, errors.New("no server")
		}, drivers.SuiteResult{
			Run: "r1", Metrics: map[string]float64{}, Simulated: true, Error: "no server", Versions: map[string]string{"assay": "v9"}}, "run r1: no server"},
		"not a number": {serving(), func(context.Context, string, func(string)) (drivers.SuiteResult, error) {
			return drivers.SuiteResult{Metrics: map[string]float64{"a": 1, "b": math.NaN()}, Valid: true}, nil
		}, drivers.SuiteResult{Run: "r1", Metrics: map[string]float64{}, Simulated: true,
			Error: "metric b came out as NaN: this is a bug in the suite", Versions: map[string]string{"assay": "v9"}}, "metric b"},
		"no suite": {drivers.SuiteRequest{Run: "r1", Benchmark: "b", Endpoints: []string{"http://h:1"}}, good, drivers.SuiteResult{
			Run: "r1", Metrics: map[string]float64{}, Versions: map[string]string{"assay": "v9"},
			Error: `the request of benchmark "b" must name exactly one of serving, vector and storage`}, "exactly one"},
		"no endpoint": {drivers.SuiteRequest{Run: "r1", Target: "llm", Serving: &v1alpha1.Serving{RequestTimeout: 1e9}}, good, drivers.SuiteResult{
			Run: "r1", Metrics: map[string]float64{}, Versions: map[string]string{"assay": "v9"},
			Error: `the request names no endpoint of service "llm"`}, "no endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := runDir(t, test.request)
			err := Run(t.Context(), dir, "v9", Suites{Serving: test.suite})
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			b, err := os.ReadFile(filepath.Join(dir, drivers.ResultFile))
			if err != nil {
				t.Fatal(err)
			}
			var got drivers.SuiteResult
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatal(err)
			}
			if got.Started.IsZero() || got.Ended.Before(got.Started) || got.Host["cpus"] == "" || len(got.Clients) != 1 || got.Clients[0].Name != got.Host["node"] {
				t.Errorf("started %v, ended %v, host %v, clients %v", got.Started, got.Ended, got.Host, got.Clients)
			}
			got.Started, got.Ended, got.Host, got.Clients = test.want.Started, test.want.Ended, nil, nil
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			checkFiles(t, dir, name == "good")
		})
	}
}

// checkFiles: nothing temporary is left, everything is for the owner alone, the progress is there.
func checkFiles(t *testing.T, dir string, progress bool) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 || strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s: mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
	if b, _ := os.ReadFile(filepath.Join(dir, drivers.ProgressFile)); progress && string(b) != "half\ndone\n" {
		t.Errorf("progress %q", b)
	}
}

func TestRunInterrupted(t *testing.T) {
	dir := runDir(t, serving())
	ctx, cancel := context.WithCancel(t.Context())
	err := Run(ctx, dir, "v9", Suites{Serving: suiteFunc(func(ctx context.Context, _ string, _ func(string)) (drivers.SuiteResult, error) {
		cancel()
		<-ctx.Done()
		return drivers.SuiteResult{}, ctx.Err()
	})})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, drivers.ResultFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an interrupted run left a result: %v", err)
	}
}

func TestRunBrokenRequest(t *testing.T) {
	dir := runDir(t, "not an object")
	if err := Run(t.Context(), dir, "v9", Suites{}); err == nil {
		t.Error("a broken request was taken")
	}
	if b, err := os.ReadFile(filepath.Join(dir, drivers.ResultFile)); err != nil || !strings.Contains(string(b), "reading the request") {
		t.Errorf("result %s, %v", b, err)
	}
}

// The wanted values are numpy's: numpy.percentile([1, 2, 4, 8, 16], q) and so on.
func TestPercentile(t *testing.T) {
	values := []float64{1, 2, 4, 8, 16}
	for q, want := range map[float64]float64{0: 1, 10: 1.4, 25: 2, 50: 4, 90: 12.8, 95: 14.4, 99: 15.68, 100: 16} {
		if got := Percentile(values, q); math.Abs(got-want) > 1e-12 {
			t.Errorf("p%g is %v, want %v", q, got, want)
		}
	}
	if got := Percentile([]float64{3}, 99); got != 3 {
		t.Errorf("of one value: %v", got)
	}
	if got, want := Std(values), 5.455272678794342; math.Abs(got-want) > 1e-12 {
		t.Errorf("std %v, want %v", got, want)
	}
	if Mean(nil) != 0 || Std(nil) != 0 {
		t.Error("of nothing")
	}
}

func TestPercentileLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := slices.Sorted(slices.Values(rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 200).Draw(t, "values")))
		p, q := rapid.Float64Range(0, 100).Draw(t, "p"), rapid.Float64Range(0, 100).Draw(t, "q")
		a, b := Percentile(v, min(p, q)), Percentile(v, max(p, q))
		if a > b+1e-6 || a < v[0]-1e-6 || b > v[len(v)-1]+1e-6 {
			t.Fatalf("p%v=%v p%v=%v of %v", p, a, q, b, v)
		}
	})
}

func TestDistribution(t *testing.T) {
	names := func(n int) int {
		m := map[string]float64{}
		Distribution(m, "ttft", make([]float64, n))
		return len(m)
	}
	for n, want := range map[int]int{0: 0, 1: 4, 63: 4, 64: 5, 129: 5, 130: 6, 661: 6, 662: 7, 6635: 7, 6636: 8} {
		if got := names(n); got != want {
			t.Errorf("%d samples give %d statistics, want %d", n, got, want)
		}
		if _, short := TooFewSamples("requests", n); short != (n > 0 && n < 662) {
			t.Errorf("%d samples: too few is %v", n, short)
		}
	}
	if note, _ := TooFewSamples("requests", 100); note.Message != "100 requests are too few for these percentiles, which were left out: p95 (130), p99 (662), p99.9 (6636)" {
		t.Error(note.Message)
	}
	in := []float64{3, 1, 2}
	m := map[string]float64{}
	Distribution(m, "itl", in)
	if diff := cmp.Diff(map[string]float64{"itl_mean_ms": 2, "itl_median_ms": 2, "itl_max_ms": 3, "itl_std_ms": math.Sqrt(2.0 / 3)}, m); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(in, []float64{3, 1, 2}) {
		t.Error("the input was sorted in place")
	}
}

func TestRand(t *testing.T) {
	a, b := Rand(1, "x"), Rand(1, "x")
	if a.Uint64() != b.Uint64() {
		t.Error("not the same twice")
	}
	seen := map[uint64]string{}
	for seed := range int64(50) {
		for _, name := range []string{"x", "y", ""} {
			v := Rand(seed, name).Uint64()
			if other, dup := seen[v]; dup {
				t.Errorf("%d/%s begins like %s", seed, name, other)
			}
			seen[v] = fmt.Sprintf("%d/%s", seed, name)
		}
	}
}

func TestFailed(t *testing.T) {
	refused, refusedErr := http.Get("http://127.0.0.1:1/")
	if refusedErr == nil {
		refused.Body.Close()
		t.Skip("something listens on port 1")
	}
	for want, err := range map[string]error{
		"connect":         refusedErr,
		"timeout":         fmt.Errorf("read: %w", context.DeadlineExceeded),
		"interrupted":     context.Canceled,
		"connection_lost": fmt.Errorf("read: %w", io.ErrUnexpectedEOF),
		"transport":       errors.New("something"),
		"http_429":        fmt.Errorf("GET: %w", FailedStatus(429, nil)),
	} {
		if got := Failed(err).Kind; got != want {
			t.Errorf("%v is %s, want %s", err, got, want)
		}
	}
	if got := Failed(syscall.ECONNRESET).Kind; got != "connection_lost" {
		t.Errorf("reset is %s", got)
	}
}

func TestTally(t *testing.T) {
	var a, b Tally
	a.Add(FailedStatus(500, []byte("first\n  of  all")))
	b.Add(FailedStatus(500, []byte("second")))
	b.Add(&Failure{"timeout", "too slow"})
	b.Add(&Failure{"timeout", "also"})
	a.Merge(&b)
	m := map[string]float64{}
	a.Report(m)
	if diff := cmp.Diff(map[string]float64{"failed_http_500": 2, "failed_timeout": 2}, m); diff != "" || a.Total() != 4 {
		t.Errorf("total %d\n%s", a.Total(), diff)
	}
	if got, want := a.String(), "2 x http_500 (HTTP status 500: first of all), 2 x timeout (too slow)"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// After Preconnect, n requests at the same time need no further connection.
func TestPreconnect(t *testing.T) {
	const n = 20
	var opened atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "ok") }))
	srv.Config.ConnState = countNew(&opened)
	srv.Start()
	defer srv.Close()
	client := HTTPClient(n, bounded.MaxAnswer, nil)
	defer client.CloseIdleConnections()
	Preconnect(t.Context(), client, []string{srv.URL}, n)
	if got := opened.Load(); got != n {
		t.Errorf("opened %d connections, want %d", got, n)
	}
	Preconnect(t.Context(), client, []string{srv.URL}, n) // holds n at once again
	if got := opened.Load(); got != n {
		t.Errorf("using them opened %d more", got-n)
	}
}

func countNew(n *atomic.Int64) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			n.Add(1)
		}
	}
}

// TestStatusesOfAServerAreFewKinds: a server that answers with every status there is makes no metric of each.
func TestStatusesOfAServerAreFewKinds(t *testing.T) {
	var all Tally
	for code := range 1000 {
		all.Add(FailedStatus(code, nil))
	}
	m := map[string]float64{}
	all.Report(m)
	if all.Total() != 1000 || len(m) > 30 {
		t.Errorf("%d failures made %d metrics", all.Total(), len(m))
	}
	for code, want := range map[int]string{404: "http_404", 429: "http_429", 503: "http_503", 418: "http_4xx", 599: "http_5xx", 302: "http_3xx", 999: "http_other", 0: "http_other"} {
		f := FailedStatus(code, []byte("why"))
		if f.Kind != want || f.Message != fmt.Sprintf("HTTP status %d: why", code) {
			t.Errorf("%d: %+v, want %s", code, f, want)
		}
	}
}
