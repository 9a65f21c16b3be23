package results_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/service/simulator"
	"assay/drivers/suite/serving"
	"assay/drivers/suite/storage"
	"assay/drivers/suite/storage/native"
	"assay/drivers/suite/vector"
	"assay/reconciler/results"
)

// fits reports whether an entry of the catalogue can be what is written under a name with holes.
func fits(written, entry string) bool {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(written), `\*`, ".+") + "$").MatchString(entry)
}

// never are names that the reading of the source makes and no run writes.
var never = []*regexp.Regexp{
	regexp.MustCompile(`^query_(sequential|load|c\*|ef\*|filter_\*pct)_(intended|send_lateness)_`), // only an open loop has a schedule
	regexp.MustCompile(`^server_((running|waiting)_(mean|max)_percent|kv_cache_(mean|max))$`),      // the cache is a share, the others are counts
	regexp.MustCompile(`^(count|mean|std|min|max|25%|50%|75%)$`),                                   // of vLLM's own file, not of result.json
}

// undeclared are the names that the catalogue lacks, with where they are written.
func undeclared(written map[string]string) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(written)) {
		if slices.ContainsFunc(never, func(r *regexp.Regexp) bool { return r.MatchString(name) }) {
			continue
		}
		_, ok := results.Lookup(name)
		if strings.Contains(name, hole) {
			ok = slices.ContainsFunc(results.Catalogue(), func(m results.Metric) bool { return fits(name, m.Name) })
		}
		if !ok {
			out = append(out, name+" at "+written[name])
		}
	}
	return out
}

// TestSuitesWriteWhatTheCatalogueDeclares reads the source of the suites: every metric that they write is declared, and
// every entry is written somewhere.
func TestSuitesWriteWhatTheCatalogueDeclares(t *testing.T) {
	written := readModule(t, nil).written()
	if len(written) < 80 {
		t.Fatalf("only %d names are found in the suites: the reading is broken", len(written))
	}
	for _, name := range undeclared(written) {
		t.Errorf("a suite writes %s, which reconciler/results does not declare", name)
	}
	for _, p := range storage.Phases { // whose names are made when the suite runs
		written[p.Metric()], written[strings.ReplaceAll(p.Name, "-", "_")+"_seconds"] = "Phases", "Phases"
		if p.Write {
			written[p.Metric()+"_at_stonewall"] = "Phases"
		}
	}
	for _, m := range results.Catalogue() {
		if m.Group == results.Searched { // of all runs of a search together: SearchRow
			continue
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(written)), func(w string) bool { return !strings.HasPrefix(w, hole) && fits(w, m.Name) }) {
			t.Errorf("the catalogue declares %s, which no suite writes", m.Name)
		}
	}
}

// TestAnUndeclaredMetricIsFound: each way in which a suite can write one.
func TestAnUndeclaredMetricIsFound(t *testing.T) {
	got := undeclared(readModule(t, map[string]string{"assay/drivers/suite": `package suite
import "assay/drivers"
func more(m map[string]float64, res drivers.SuiteResult, kind string) {
	m["energy_joules"] = 1
	res.Metrics["joules_by_" + kind] = 2
	prefix := "warp"
	Distribution(m, prefix + "_speed", nil)
	_ = map[string]float64{"flux": 3}
	under(m, "nested")
}
func under(m map[string]float64, name string) { m[fmt.Sprintf("%s_depth_%d", name, 1)]++; m[name + "_depth"] = 4 }
`}).written())
	var names []string
	for _, g := range got {
		name, _, _ := strings.Cut(g, " at ")
		names = append(names, name)
	}
	want := []string{"energy_joules", "flux", "joules_by_*", "nested_depth", "warp_speed_max_ms", "warp_speed_mean_ms", "warp_speed_median_ms", "warp_speed_p*_ms", "warp_speed_std_ms"}
	if !slices.Equal(names, want) {
		t.Errorf("found %q, want %q", names, want)
	}
}

// declared checks the metrics of a real run.
func declared(t *testing.T, res drivers.SuiteResult, err error, least int) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Metrics) < least {
		t.Errorf("only %d metrics", len(res.Metrics))
	}
	for name := range res.Metrics {
		m, ok := results.Lookup(name)
		if !ok {
			t.Errorf("%s is not declared", name)
		}
		if m.Name != name || strings.Contains(m.Title+m.Meaning+m.Brief, "<") {
			t.Errorf("%s is described as %+v", name, m)
		}
	}
}

// chroma answers enough of Chroma's protocol for every phase to be measured; what it finds is wrong.
func chroma() http.Handler {
	var stored atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			IDs   []string `json:"ids"`
			Where any      `json:"where"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		answer := any(map[string]any{"id": "c", "max_batch_size": 1000})
		switch path.Base(r.URL.Path) {
		case "collections":
			stored.Store(0)
		case "add":
			stored.Add(int64(len(body.IDs)))
			w.WriteHeader(http.StatusCreated)
		case "count":
			answer = stored.Load()
		case "indexing_status":
			http.NotFound(w, r)
			return
		case "query":
			found := []string{"0", "1", "2"}
			if body.Where != nil {
				found = nil
			}
			answer = map[string]any{"ids": [][]string{found}}
		}
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// TestRealRuns: small runs of the suites write declared metrics only.
func TestRealRuns(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	progress := func(string) {}
	t.Run("serving", func(t *testing.T) {
		srv := httptest.NewServer(simulator.New(simulator.Config{Model: "m", Simulate: v1alpha1.Simulate{TTFT: v1alpha1.Duration(time.Millisecond)}}))
		defer srv.Close()
		res, err := serving.Suite{}.Run(ctx, drivers.SuiteRequest{Run: "r", Benchmark: "b", Model: "m", Endpoints: []string{srv.URL}, Serving: &v1alpha1.Serving{
			Dataset: "choice", API: "completions", Prompts: 120, OutputTokens: 8, Rate: 400, Burstiness: 1, RequestTimeout: v1alpha1.Duration(10 * time.Second),
			Goodput: &v1alpha1.Goodput{TTFT: v1alpha1.Duration(time.Second)}}}, t.TempDir(), progress)
		declared(t, res, err, 70)
	})
	t.Run("storage", func(t *testing.T) {
		res, err := storage.Suite{Native: native.Engine{}}.Run(ctx, drivers.SuiteRequest{Run: "r", Experiment: "e", Benchmark: "b", Directory: t.TempDir(), Storage: &v1alpha1.Storage{
			Engine: "native", Nodes: 1, TasksPerNode: 1, Stonewall: v1alpha1.Duration(time.Minute), TransferSize: 64 << 10, BlockSize: 1 << 20, Segments: 4, Files: 20}}, t.TempDir(), progress)
		declared(t, res, err, 29)
	})
	t.Run("vector", func(t *testing.T) {
		srv := httptest.NewServer(chroma())
		defer srv.Close()
		res, err := vector.Suite{}.Run(ctx, drivers.SuiteRequest{Run: "r", Experiment: "e", Benchmark: "b", Target: "docs", Endpoints: []string{srv.URL}, Vector: &v1alpha1.Vector{
			Vectors: 1000, Dimension: 8, Queries: 200, TopK: 10, BatchSize: 200, Concurrency: []int{2}, Duration: v1alpha1.Duration(time.Second), Rate: 200, Filters: []float64{0.5}, EFSweep: []int{100}, Writes: 200}}, t.TempDir(), progress)
		declared(t, res, err, 80)
	})
}

// TestEntries: nothing is declared twice, and every entry says what it is.
func TestEntries(t *testing.T) {
	groups := []string{results.Throughput, results.Latency, results.Quality, results.Errors, results.Load, results.Client, results.Server, results.Searched,
		results.Bandwidth, results.Metadata, results.Score}
	seen := map[string]bool{}
	for _, m := range results.Catalogue() {
		if seen[m.Name] {
			t.Errorf("%s is declared twice", m.Name)
		}
		seen[m.Name] = true
		if !strings.HasSuffix(m.Meaning, ".") || m.Title == "" || !slices.Contains(groups, m.Group) {
			t.Errorf("%s lacks its meaning, title or group: %+v", m.Name, m)
		}
		for ending, unit := range map[string]string{"_ms": "ms", "_percent": "%", "_gibs": "GiB/s", "_kiops": "kIOPS", "_seconds": "s", "_qps": "queries/s", "_vectors_per_s": "vectors/s"} {
			if strings.HasSuffix(m.Name, ending) && m.Unit != unit {
				t.Errorf("%s is in %q", m.Name, m.Unit)
			}
		}
		if m.Prominence >= results.Column && m.Better == results.Neither {
			t.Errorf("%s is in tables, but neither way is better", m.Name)
		}
	}
}

func TestLookup(t *testing.T) {
	for name, want := range map[string]string{
		"ttft_p99_ms": "TTFT p99, ms", "recall_at_100": "Recall@100", "query_c8_p99_ms": "Queries by 8 workers p99, ms", "output_throughput": "Output tokens/s",
		"query_filter_0.1pct_recall_at_5": "Queries among 0.1 %, recall@5", "failed_http_503": "Failed, http_503", "ior_easy_write_gibs": "ior-easy-write, GiB/s",
		"ttft_max_ms": "TTFT max, ms", "ttft_p99.9_ms": "TTFT p99.9, ms", "ttft_mean_ms_lo": "TTFT mean, lower end, ms", "query_c8_newthing": "", "query_cold_qps": "", "ttft_p97_ms": "", "xttft_p99_ms": "", "ttft.p99": "", "": "",
	} {
		m, ok := results.Lookup(name)
		if ok != (want != "") || ok && m.Heading() != want {
			t.Errorf("%q is %q (%t), want %q", name, m.Heading(), ok, want)
		}
	}
}

func TestResolve(t *testing.T) {
	there := []string{"duration_s", "error_rate_percent", "ingest_s", "ingest_vectors_per_s", "output_throughput", "query_c8_p99_ms", "ttft_p99.9_ms", "ttft_p99_ms", "unheard_of"}
	for name, want := range map[string][2]string{
		"ttft.p99": {"ttft_p99_ms", "ms"}, "ttft_p99_ms": {"ttft_p99_ms", "ms"}, "output_throughput": {"output_throughput", "tok/s"}, "error_rate": {"error_rate_percent", "%"},
		"ingest": {"ingest_s", "s"}, "ingest_vectors_per_s": {"ingest_vectors_per_s", "vectors/s"}, "query.c8.p99": {"query_c8_p99_ms", "ms"},
		"unheard.of": {"unheard_of", ""}, "tpot.p99": {"tpot_p99", ""}, "ttft.p99.9": {"ttft_p99.9_ms", "ms"}, "ttft_p99.9_ms": {"ttft_p99.9_ms", "ms"},
	} {
		if m := results.Resolve(name, there); m.Name != want[0] || m.Unit != want[1] {
			t.Errorf("%s is %s in %q, want %s", name, m.Name, m.Unit, want)
		}
	}
}

func TestSamplesFor(t *testing.T) {
	for p, want := range map[float64]int{50: 11, 90: 64, 99: 662, 99.9: 6636} {
		if got := v1alpha1.SamplesFor(p); got != want {
			t.Errorf("p%g needs %d samples, want %d", p, got, want)
		}
	}
	for name, want := range map[string]int{"ttft_p99_ms": 662, "ttft_median_ms": 11, "ttft_mean_ms": 2, "ttft_max_ms": 1, "ttft_p99.9_ms": 6636, "output_throughput": 1} {
		if m, _ := results.Lookup(name); m.Samples() != want {
			t.Errorf("%s needs %d samples, want %d", name, m.Samples(), want)
		}
	}
}

// TestPhases: those of the catalogue are those of the suite, in its order.
func TestPhases(t *testing.T) {
	got := slices.Concat(results.Phases(results.Bandwidth), results.Phases(results.Metadata))
	var want []string
	for _, bandwidth := range []bool{true, false} {
		for _, p := range storage.Phases {
			if p.Bandwidth() == bandwidth {
				want = append(want, p.Name+" "+p.Metric()+" "+p.Unit())
			}
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d phases, want %d", len(got), len(want))
	}
	for i, m := range got {
		if is := m.Title + " " + m.Name + " " + m.Unit; is != want[i] {
			t.Errorf("%s, want %s", is, want[i])
		}
	}
}

func TestBrief(t *testing.T) {
	for want, metrics := range map[string]map[string]float64{
		"": {"itl_p99_ms": 1},
		"1234 tok/s, TTFT 5.12 ms, p99 9 ms, correct 99.5%":                {"ttft_p99_ms": 9, "output_throughput": 1234.4, "correct_rate_percent": 99.5, "ttft_median_ms": 5.123, "error_rate_percent": 0},
		"ingest 1900 vectors/s, 480 queries/s, recall@100 0.97, errors 2%": {"recall_at_100": 0.97, "ingest_vectors_per_s": 1900, "query_sequential_qps": 480, "error_rate_percent": 2},
	} {
		if got := results.Brief(metrics); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
