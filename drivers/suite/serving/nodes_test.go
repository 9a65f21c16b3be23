package serving

import (
	"context"
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
	"assay/drivers/suite/coordinator/coordinatortest"
	"assay/drivers/suite/loadgen/socket"
)

// deadNode is the variable that names a node whose client ends instead of joining.
const deadNode = "ASSAY_TEST_DEAD_NODE"

func TestMain(m *testing.M) {
	coordinatortest.Main(func(ctx context.Context, dir string) error {
		if os.Getenv(deadNode) == os.Getenv("SLURM_PROCID") {
			return fmt.Errorf("node %s has no memory left", os.Getenv(deadNode))
		}
		return Worker(ctx, dir)
	})
	os.Exit(m.Run())
}

func measureOn(t *testing.T, nodes int, v *v1alpha1.Serving, endpoints ...string) (drivers.SuiteResult, string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	res, err := Suite{Srun: self}.Run(ctx, drivers.SuiteRequest{
		Run: "r", Benchmark: "b", Target: "llm", Endpoints: endpoints, Model: "org/tiny", Serving: v, Seed: 11, Nodes: nodes,
	}, dir, func(string) {})
	return res, dir, err
}

// TestNodes: three nodes send what one would have sent, at the same moments, and their records become one result.
func TestNodes(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.Serving){
		"closed loop": func(v *v1alpha1.Serving) { v.Concurrency = 7 },
		"open loop":   func(v *v1alpha1.Serving) { v.Rate, v.Concurrency = 200, 0 },
		"all at once": func(v *v1alpha1.Serving) { v.Concurrency = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			v := spec(func(v *v1alpha1.Serving) { v.Prompts, v.Warmups = 61, 2; change(v) })
			f := &flawed{knows: structuredOutputs, pause: time.Millisecond}
			res, dir, err := measureOn(t, 3, v, serve(t, f))
			if err != nil {
				t.Fatal(err)
			}
			if len(reasons(res)) > 0 {
				t.Errorf("%v", res.Reasons)
			}
			if len(res.Clients) != 3 || slices.ContainsFunc(res.Clients, func(n drivers.Node) bool { return n.Name == "" || n.CPUs == 0 }) {
				t.Errorf("the load came from %+v", res.Clients)
			}
			wantMetrics(t, res, map[string]float64{"completed": 61, "failed": 0, "correct_rate_percent": 100, "input_tokens": 61 * flawedPrompt, "client_nodes": 3})
			if v.Concurrency > 0 && f.most.Load() > int64(v.Concurrency) {
				t.Errorf("%d in flight, bound %d", f.most.Load(), v.Concurrency)
			}
			if slices.Sort(f.prompts); len(slices.Compact(f.prompts)) != 63 {
				t.Errorf("the server got %d prompts, which repeat", len(f.prompts))
			}
			for i := range 61 {
				if _, ok := f.arrived.Load(fmt.Sprintf("r-%d", i)); !ok {
					t.Errorf("request %d was never sent", i)
				}
			}
			if bar := res.Metrics["client_clock_bar_ms"]; bar <= 0 || bar > 100 {
				t.Errorf("the clocks are known to %v ms", bar)
			}
			onOneClock(t, f, dir)
			if len(strings.Split(res.Versions["client_nodes"], ",")) != 3 {
				t.Errorf("versions %v", res.Versions)
			}
			if _, err := os.Stat(filepath.Join(dir, "rendezvous.json")); err == nil {
				t.Error("the token is left behind")
			}
		})
	}
}

// onOneClock compares the samples with what the server saw: here all clocks are the same one.
func onOneClock(t *testing.T, f *flawed, dir string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, CSVFile))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")[1:]
	if len(lines) != 61 {
		t.Errorf("%d samples", len(lines))
	}
	for _, line := range lines {
		var intended, sent, first int64
		fields := strings.Split(line, ",")
		if _, err := fmt.Sscan(strings.Join(fields[1:4], " "), &intended, &sent, &first); err != nil {
			t.Fatal(err)
		}
		at, _ := f.arrived.Load(fields[0])
		if gap := at.(time.Duration) - time.Duration(sent); gap < -50*time.Millisecond || gap > time.Second {
			t.Errorf("%s arrived %v after it was sent", fields[0], gap)
		}
		if sent < intended || first < sent || time.Duration(first) > socket.Monotonic() {
			t.Errorf("moments out of order: %s", line)
		}
	}
}

// TestNodeTrouble: what goes wrong on one node ends the run soon, and is named.
func TestNodeTrouble(t *testing.T) {
	f := &flawed{knows: structuredOutputs}
	t.Run("a client dies", func(t *testing.T) {
		t.Setenv(deadNode, "1")
		if _, _, err := measureOn(t, 3, spec(nil), serve(t, f)); err == nil || !strings.Contains(err.Error(), "workers of the other nodes") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("srun is missing", func(t *testing.T) {
		_, err := Suite{Srun: "/nonexistent/srun"}.Run(t.Context(), drivers.SuiteRequest{Run: "r", Benchmark: "b", Target: "llm",
			Endpoints: []string{serve(t, f)}, Model: "org/tiny", Serving: spec(nil), Nodes: 2}, t.TempDir(), func(string) {})
		if err == nil || !strings.Contains(err.Error(), "starting the workers") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the run is stopped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := &flawed{knows: structuredOutputs, misbehave: func(int, http.ResponseWriter, string) bool { cancel(); return false }, pause: 100 * time.Millisecond}
		self, _ := os.Executable()
		began := time.Now()
		_, err := Suite{Srun: self}.Run(ctx, drivers.SuiteRequest{Run: "r", Benchmark: "b", Target: "llm",
			Endpoints: []string{serve(t, f)}, Model: "org/tiny", Serving: spec(nil), Nodes: 2}, t.TempDir(), func(string) {})
		if err == nil || time.Since(began) > 20*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}
