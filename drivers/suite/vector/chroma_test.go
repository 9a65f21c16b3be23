package vector

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
)

// startChroma starts a real Chroma server. ASSAY_CHROMA is its command line up to `run`, words separated by spaces
// ("chroma", or "node DIR/node_modules/chromadb/dist/cli.mjs"); `make test` sets it.
func startChroma(t *testing.T) (endpoint string) {
	t.Helper()
	argv := strings.Fields(os.Getenv("ASSAY_CHROMA"))
	if len(argv) == 0 {
		if os.Getenv("ASSAY_REQUIRE_CHROMA") == "1" {
			t.Fatal("ASSAY_REQUIRE_CHROMA=1, but ASSAY_CHROMA does not say how to start Chroma")
		}
		t.Skip("no real Chroma: set ASSAY_CHROMA to its command line, for example ASSAY_CHROMA=chroma")
	}
	port := freePort(t)
	argv = append(argv, "run", "--path", t.TempDir(), "--host", "127.0.0.1", "--port", fmt.Sprint(port))
	cmd := exec.Command(argv[0], argv[1:]...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %q: %v", argv, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // newer releases ignore SIGTERM
		<-ended
	})
	endpoint = fmt.Sprintf("http://127.0.0.1:%d", port)
	for deadline := time.Now().Add(30 * time.Second); ; {
		if _, err := newChroma(endpoint, "", 1, 10).limits(t.Context()); err == nil {
			return endpoint
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%q ended: %v\n%s", argv, err, log.String())
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("Chroma was not ready within 30 s")
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// moment is how long a level lasts in tests that do not look at figures.
const moment = 60 * time.Millisecond

func init() { shortest = moment / 2 }

func request(run, endpoint string, v v1alpha1.Vector) drivers.SuiteRequest {
	v.Duration = cmp.Or(v.Duration, v1alpha1.Duration(moment))
	return drivers.SuiteRequest{
		Run: run, Experiment: "exp", Benchmark: "search", Target: "docs", Endpoints: []string{endpoint}, Vector: &v, Seed: 7,
	}
}

func run(t *testing.T, req drivers.SuiteRequest) (drivers.SuiteResult, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	return Suite{}.Run(ctx, req, t.TempDir(), func(string) {})
}

func TestRealChroma(t *testing.T) {
	endpoint := startChroma(t)
	spec := v1alpha1.Vector{
		Vectors: 2500, Dimension: 96, Queries: 120, TopK: 10, BatchSize: 500, Concurrency: []int{1, 4}, Space: "l2", Duration: v1alpha1.Duration(time.Second),
	}
	for _, name := range []string{"fresh", "used"} { // the second run finds a server that the first has used
		t.Run(name, func(t *testing.T) {
			res, err := run(t, request("exp-search-1-"+name, endpoint, spec))
			if err != nil {
				t.Fatal(err)
			}
			if got := reasons(res); !valid(res) || len(got) != 0 {
				t.Errorf("valid %v, reasons %v", res.Valid, res.Reasons)
			}
			for _, m := range []string{"recall_at_10", "query_c1_recall_at_10", "query_c4_recall_at_10"} {
				if res.Metrics[m] < 0.9 || res.Metrics[m] > 1 {
					t.Errorf("%s is %v, want 0.9 to 1", m, res.Metrics[m])
				}
			}
			if got := res.Metrics["vectors_stored"]; got != 2500 {
				t.Errorf("vectors_stored is %v", got)
			}
			for _, m := range []string{"ingest_vectors_per_s", "query_sequential_qps", "query_sequential_median_ms", "query_c4_qps", "query_c4_mean_ms"} {
				if res.Metrics[m] <= 0 {
					t.Errorf("%s is %v", m, res.Metrics[m])
				}
			}
			t.Log(res.Metrics)
		})
	}
	if n := collections(t, endpoint); n != 0 {
		t.Errorf("%d collections were left behind", n)
	}
}

func TestRealChromaSpaces(t *testing.T) {
	endpoint := startChroma(t)
	for _, space := range []string{"cosine", "ip"} {
		t.Run(space, func(t *testing.T) {
			res, err := run(t, request("r", endpoint, v1alpha1.Vector{
				Vectors: 600, Dimension: 32, Queries: 50, TopK: 5, BatchSize: 100, Space: space, EFSearch: 200,
			}))
			if err != nil {
				t.Fatal(err)
			}
			if res.Metrics["recall_at_5"] < 0.9 {
				t.Errorf("recall %v: our %s is not the server's", res.Metrics["recall_at_5"], space)
			}
		})
	}
}

// Everything that can be asked for at once: rate, filters, efSearch, writes; and what it leaves.
func TestRealChromaEverything(t *testing.T) {
	endpoint := startChroma(t)
	dir := t.TempDir()
	req := request("all", endpoint, v1alpha1.Vector{
		Vectors: 6000, Dimension: 64, Queries: 200, TopK: 10, BatchSize: 1000, Concurrency: []int{4}, Space: "l2", Encoding: "json",
		Duration: v1alpha1.Duration(2 * time.Second), Rate: 100, Filters: []float64{0.5, 0.01}, EFSweep: []int{10, 400}, Writes: 200, MaxNeighb: 6, EFConstruct: 20,
	})
	res, err := Suite{}.Run(t.Context(), req, dir, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(res.Reasons, res.Metrics)
	if !valid(res) {
		t.Errorf("%v", res.Reasons)
	}
	m := res.Metrics
	for _, prefix := range []string{"query_rate_", "query_filter_50pct_", "query_filter_1pct_", "query_ef400_", "query_writing_"} {
		if r := m[prefix+"recall_at_10"]; r < 0.7 || r > 1 {
			t.Errorf("%srecall_at_10 is %v", prefix, r)
		}
	}
	if low, high := m["query_ef10_recall_at_10"], m["query_ef400_recall_at_10"]; low >= high {
		t.Errorf("recall is %v with efSearch 10 and %v with 400: it was not set", low, high)
	}
	// Chroma on a busy machine does less than was asked for. Then the result has to say so.
	slow := slices.ContainsFunc(res.Reasons, func(r drivers.Reason) bool { return r.Reason == suite.ReasonSlowWrites })
	if got := m["query_rate_qps"]; got > 120 || got < 80 && !slow {
		t.Errorf("%v queries a second, asked for 100", got)
	}
	if got := m["vectors_stored_at_the_end"]; got <= 6000 || m["writes_per_s"] < 100 && !slow {
		t.Errorf("%v vectors at the end, %v written a second", got, m["writes_per_s"])
	}
	var points []point
	b, err := os.ReadFile(filepath.Join(dir, frontierFile))
	if err != nil || json.Unmarshal(b, &points) != nil || len(points) != 2 || points[1].EF != 400 || points[1].QPS <= 0 {
		t.Errorf("%v: %s", err, b)
	}
}

// A server that still holds collections of others, and vectors of another dimension, says clearly what it refuses.
func TestRealChromaRefusal(t *testing.T) {
	endpoint := startChroma(t)
	c := newChroma(endpoint, "", 1, 10)
	id, err := c.create(t.Context(), "mine", map[string]any{"space": "l2"})
	if err != nil {
		t.Fatal(err)
	}
	two, _ := clustered(1, 2, 1, 4)
	if in, err := c.ingest(t.Context(), id, two, batches{size: 10, packed: true}, func(string) {}); err != nil || in.acked != 2 {
		t.Fatalf("acknowledged %d, %v, %s", in.acked, err, &in.failures)
	}
	three, _ := clustered(1, 2, 1, 5)
	in, err := c.ingest(t.Context(), id, three, batches{size: 10}, func(string) {})
	if err != nil || in.acked != 0 || !strings.Contains(in.failures.String(), "dimension") {
		t.Errorf("acknowledged %d, %v, failures %s", in.acked, err, &in.failures)
	}
	if _, err := c.create(t.Context(), "mine", map[string]any{"space": "l2"}); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("a second collection of one name: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = Suite{}.Run(ctx, request("x", endpoint, v1alpha1.Vector{
		Vectors: 100, Dimension: 4, Queries: 100, TopK: 1, BatchSize: 10,
	}), t.TempDir(), func(line string) {
		if strings.HasPrefix(line, "query_sequential") {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted run gave %v", err)
	}
	if n := collections(t, endpoint); n != 1 {
		t.Errorf("%d collections, want the one that was there", n)
	}
}

func collections(t *testing.T, endpoint string) int {
	t.Helper()
	var list []any
	c := newChroma(endpoint, "", 1, 10)
	if err := c.call(t.Context(), "GET", c.database+"/collections", nil, &list); err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestNoServer(t *testing.T) {
	_, err := run(t, request("r", fmt.Sprintf("http://127.0.0.1:%d", freePort(t)), v1alpha1.Vector{
		Vectors: 10, Dimension: 4, Queries: 1, TopK: 1, BatchSize: 10,
	}))
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
}
