package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/results/resultset"
	"assay/reconciler/store"
	"assay/reconciler/store/storetest"
	"assay/reconciler/view"
)

// hostile is text of others that would run, hide or turn something where it is not shown as text.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>` + "\u202e\x1b[2J" + `' javascript:alert(3)`

// canary is a secret of the state directory, which a server has printed.
const canary = "canary-Secret-93845"

// world is a page with an experiment e that two revisions measured at two points.
type world struct {
	storetest.Store
	*Server
	t    *testing.T
	now  v1alpha1.ExperimentStatus
	did  []Wish
	does func(Wish) (string, error)
	web  *httptest.Server
}

func newWorld(t *testing.T) *world {
	w := &world{Store: storetest.New(t), t: t, does: func(Wish) (string, error) { return "done", nil }}
	for g, commit := range []string{"aaaa", "bbbb"} {
		e := v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "e"}}
		e.Spec.Services = []v1alpha1.Service{{Name: "llm"}}
		e.Spec.Benchmarks = []v1alpha1.Benchmark{{Name: "q", Target: "llm", Gates: []v1alpha1.Gate{{Metric: "output_throughput", Min: &v1alpha1.Bound{Number: 150}}}, Repeats: &v1alpha1.Repeats{Runs: g + 3}}}
		rev, _, err := w.St.Accept(store.Revision{Experiment: "e", Spec: e, Owner: "apply", Origin: drivers.Origin{Source: "apply", User: "me", Commit: commit, Subject: hostile, Time: time.Now()}})
		if err != nil {
			t.Fatal(err)
		}
		for c := 1; c <= 2; c++ {
			for repeat := 1; repeat <= 3; repeat++ {
				w.measure(rev, c, repeat, float64(100*c*(g+1)+repeat), float64(10*c+g))
			}
		}
	}
	if _, err := w.St.PutSecret(canary); err != nil {
		t.Fatal(err)
	}
	at := w.Job("llm", "7")
	log := filepath.Join(w.St.JobDir(at.Seat, at.Nonce), drivers.LogDir)
	if err := errors.Join(os.MkdirAll(log, 0o700), os.WriteFile(filepath.Join(log, "llm.7.log"), []byte("key "+canary+"\n"+hostile+"\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	ends := time.Now().Add(time.Hour)
	bad := []v1alpha1.Condition{{Type: v1alpha1.Ready, Status: v1alpha1.False, Reason: hostile, Message: hostile}}
	w.now = v1alpha1.ExperimentStatus{Name: "e", Site: hostile, Generation: 2, Revision: "0123", Observed: time.Now(), Conditions: bad,
		Services: []v1alpha1.ServiceStatus{{Name: "llm", Kind: "vllm", Replicas: 1, Conditions: bad, Seats: []v1alpha1.SeatStatus{{Seat: "e/llm/0", Nonce: at.Nonce, JobID: "7",
			JobState: "Running", Reason: hostile, Nodes: []string{hostile}, Endpoint: "javascript:" + hostile, Started: &at.Begun, Ends: &ends, Last: &v1alpha1.End{Reason: hostile, Message: hostile}}}}},
		Benchmarks: []v1alpha1.BenchmarkStatus{{Name: "q", Target: hostile, Runs: 12, Done: 12}},
		Runs:       []v1alpha1.RunStatus{{ID: "q-9", Benchmark: "q", Phase: v1alpha1.RunRunning, Progress: hostile, Reason: hostile}}}
	if err := w.Lease.Emit(store.Event{Time: time.Now(), Type: "Warning", Experiment: "e", Object: "service/llm", Reason: "Odd", Message: hostile}); err != nil {
		t.Fatal(err)
	}
	w.serve()
	return w
}

// measure stores a run with a result: at concurrency c, on a node with two GPUs.
func (w *world) measure(rev store.Revision, c, repeat int, output, tpot float64) {
	w.t.Helper()
	r := plan.Run{Experiment: "e", Benchmark: "q", Target: "llm", Point: map[string]string{"c": fmt.Sprint(c)}, Repeat: repeat, Revision: rev.Hash, Phase: v1alpha1.RunRunning,
		ID: fmt.Sprintf("q-%d-%d-%d", rev.Generation, c, repeat), Created: time.Now()}
	run, err := w.Lease.CreateRun(r, drivers.SuiteRequest{Run: r.ID, Experiment: "e", Model: hostile})
	if err != nil {
		w.t.Fatal(err)
	}
	run.Phase, run.Ended = v1alpha1.RunComplete, time.Now()
	run.Result = &drivers.SuiteResult{Run: r.ID, Valid: true, Started: r.Created, Ended: run.Ended, Nodes: []drivers.Node{{Name: "n1", GPUs: make([]drivers.GPU, 2)}},
		Reasons: []drivers.Reason{{Reason: "Noted", Message: hostile}},
		Metrics: map[string]float64{"output_throughput": output, "tpot_median_ms": tpot, "gpu_power_mean_w": 300, "energy_per_output_token_j": 0.5, "odd": 1}}
	if err := w.Lease.UpdateRun(run); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) serve() {
	w.Server = New(w.t.Context(), Options{Store: w.St, Version: "test", Token: "reads", Act: "acts",
		Read: func(context.Context) (view.Snapshot, error) {
			s, err := view.Read(w.St)
			s.Statuses = []v1alpha1.ExperimentStatus{w.now}
			return s, err
		},
		Next: func(context.Context) ([]plan.Step, error) {
			return []plan.Step{{Symbol: "+", Object: "e/llm/0", Reason: hostile, Details: []string{hostile}}, {Symbol: "+", Object: "other/llm/0", Reason: "not here"}}, nil
		},
		Sites:   func() ([]view.Object, error) { return nil, nil },
		Results: resultset.Reader{Store: w.St, Configurations: func(store.Revision) ([]plan.Configuration, error) { return nil, nil }},
		Series: func(_ context.Context, expression string, from, _ time.Time, _ time.Duration) ([]drivers.Series, error) {
			if !strings.Contains(expression, `{experiment="e",service="llm"}`) {
				return nil, drivers.ErrUnavailable
			}
			return []drivers.Series{{Labels: map[string]string{"x": hostile}, Samples: []drivers.Sample{{At: from, Value: 1}, {At: from.Add(time.Minute), Value: 3}}}}, nil
		},
		Average: func(context.Context, string, []drivers.Span) (float64, error) { return 0, drivers.ErrUnavailable },
		Report: func(_ context.Context, experiment, format string) ([]byte, error) {
			if experiment != "e" {
				return nil, errors.New("no result")
			}
			return []byte(map[string]string{"html": "<!DOCTYPE html><script>1</script></html>", "json": "{}"}[format]), nil
		},
		Do: func(_ context.Context, wish Wish) (string, error) { w.did = append(w.did, wish); return w.does(wish) },
	})
	w.web = httptest.NewServer(w.Handler())
	w.t.Cleanup(w.web.Close)
}

// answer is what a request got.
type answer struct {
	code   int
	body   string
	header http.Header
}

// ask sends a request; edits change it before. Redirects are answers.
func (w *world) ask(method, at string, edits ...func(*http.Request)) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.web.URL+at, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, edit := range edits {
		edit(r)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{res.StatusCode, string(b), res.Header}
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// cookie is that of a session which a token began.
func (w *world) cookie(token string) func(*http.Request) {
	w.t.Helper()
	got := w.ask("GET", "/?token="+token)
	value, _, _ := strings.Cut(got.header.Get("Set-Cookie"), ";")
	if got.code != http.StatusSeeOther || value == "" {
		w.t.Fatalf("the token %s is exchanged with %d %q", token, got.code, value)
	}
	return func(r *http.Request) { r.Header.Set("Cookie", value) }
}

func form(values url.Values) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(strings.NewReader(values.Encode()))
	}
}

// addresses are all that can be read, with names that are there.
func addresses() (pages, data []string) {
	full := strings.NewReplacer("{experiment}", "e", "{service}", "llm", "{run}", "q-2-1-1", "{$}", "").Replace
	for _, r := range routes() {
		if r.page != nil {
			pages = append(pages, full(r.at))
		}
	}
	for _, d := range documented() {
		if d.Method != "GET" {
			continue
		}
		at := full(d.Path)
		if strings.HasSuffix(at, "/compare") {
			at += "?a=1&b=2"
		}
		data = append(data, at)
	}
	return pages, data
}
