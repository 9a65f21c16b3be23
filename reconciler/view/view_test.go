package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/labels"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

func condition(typ, status, reason string) v1alpha1.Condition {
	return v1alpha1.Condition{Type: typ, Status: status, Reason: reason, Message: "so it is"}
}

// example is an experiment with one of everything.
func example(name string) v1alpha1.ExperimentStatus {
	started, ended := time.Now().Add(-2*time.Minute), time.Now().Add(-time.Minute)
	return v1alpha1.ExperimentStatus{
		Name: name, Site: "local", Generation: 1, Revision: "abc", Observed: time.Now(),
		Conditions: []v1alpha1.Condition{condition(v1alpha1.Ready, v1alpha1.True, "Ready"), condition(v1alpha1.Complete, v1alpha1.True, "Done")},
		Services: []v1alpha1.ServiceStatus{{
			Name: "llm", Kind: "vllm", Simulated: true, Ready: 1, Replicas: 1, Conditions: []v1alpha1.Condition{condition(v1alpha1.Ready, v1alpha1.True, "Ready")},
			Seats: []v1alpha1.SeatStatus{{Seat: name + "/llm/0/0", Nonce: "0123456789abcdef", JobID: "7", JobState: "Running", Nodes: []string{"n1"}, Phase: "Ready", Endpoint: "http://n1:1"}},
		}},
		Benchmarks: []v1alpha1.BenchmarkStatus{{Name: "q", Target: "llm", Runs: 1, Done: 1, Conditions: []v1alpha1.Condition{condition(v1alpha1.Complete, v1alpha1.True, "Done")}}},
		Runs: []v1alpha1.RunStatus{{
			ID: "q-1", Benchmark: "q", Phase: v1alpha1.RunComplete, Revision: "abc", Started: &started, Ended: &ended,
			Point: map[string]string{"b": "2", "a": "1"}, Metrics: map[string]float64{"ttft_p99_ms": 12.5},
		}},
	}
}

// snapshot is a store with these experiments, each accepted once, and an event of the first one's service.
func snapshot(t *testing.T, all ...v1alpha1.ExperimentStatus) Snapshot {
	t.Helper()
	st, err := store.Open(t.TempDir(), store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := st.Acquire(t.Context(), "test", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		spec := v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: e.Name}, Spec: v1alpha1.ExperimentSpec{Services: []v1alpha1.Service{{Name: "llm"}}}}
		if _, _, err := st.Accept(store.Revision{Experiment: e.Name, Spec: spec, Owner: "apply", Origin: drivers.Origin{Source: "apply", Commit: "0123456789abcdef-dirty"}}); err != nil {
			t.Fatal(err)
		}
		if err := lease.PutStatus(e); err != nil {
			t.Fatal(err)
		}
	}
	event := store.Event{Time: time.Now(), Type: "Normal", Experiment: all[0].Name, Object: "service/llm", Reason: "Submitted", Message: "job 7", Count: 2}
	if err := errors.Join(lease.Emit(event), lease.Release()); err != nil {
		t.Fatal(err)
	}
	s, err := Read(st)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestObjects lists each kind, filtered, and tabulates it with one cell a column.
func TestObjects(t *testing.T) {
	s := snapshot(t, example("e"), example("f"))
	for _, c := range []struct {
		kind   string
		filter Filter
		want   string
	}{
		{"services", Filter{}, "e/llm f/llm"},
		{"services", Filter{Experiment: "f"}, "f/llm"},
		{"services", Filter{Name: "e/llm"}, "e/llm"},
		{"jobs", Filter{Name: "7"}, "e/7 f/7"},
		{"runs", Filter{Name: "e/q-1"}, "e/q-1"},
		{"runs", Filter{Name: "nothing"}, ""},
		{"experiments", Filter{Name: "f"}, "f"},
		{"revisions", Filter{}, "e/1 f/1"},
		{"events", Filter{}, "e/1"},
	} {
		items, err := s.Objects(c.kind, c.filter)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, o := range items {
			names = append(names, o.FullName())
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s %+v: %q, want %q", c.kind, c.filter, got, c.want)
		}
		for _, wide := range []bool{false, true} {
			header, rows := Table(c.kind, items, wide, func(Object) []string { return make([]string, len(RunColumns)) })
			for _, r := range rows {
				if len(r) != len(header) {
					t.Errorf("%s wide %v: %d cells below %d columns: %q", c.kind, wide, len(r), len(header), r)
				}
			}
		}
	}
	items, err := s.Objects("jobs", Filter{Experiment: "e"})
	if err != nil || !strings.Contains(items[0].Status.(v1alpha1.SeatStatus).Dir, "0123456789abcdef") {
		t.Errorf("a job without its folder: %+v (%v)", items, err)
	}
}

// TestList is never null, and has the keys that programs read.
func TestList(t *testing.T) {
	b, err := json.Marshal(NewList(nil))
	if err != nil || string(b) != `{"apiVersion":"`+v1alpha1.APIVersion+`","items":[],"kind":"List"}` {
		t.Errorf("%s (%v)", b, err)
	}
}

// TestKind accepts what people type.
func TestKind(t *testing.T) {
	for word, want := range map[string]string{"svc": "services", "runs": "runs", "exp": "experiments", "Bench": "benchmarks", "site": "sites", "cows": "", "pods": "", "": ""} {
		if got, err := Kind(word); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v", word, got, err)
		}
	}
	if _, err := Kind("pods"); !strings.Contains(err.Error(), "jobs") {
		t.Errorf("who looks for pods is told: %v", err)
	}
}

// TestReferences: objects are named as for kubectl, and what is not meant is refused with what to write.
func TestReferences(t *testing.T) {
	for typed, want := range map[string]string{
		"svc":             "[services]",
		"svc,jobs":        "[services jobs]",
		"svc a e/b":       "[services/a services/e/b]",
		"svc/a exp/e":     "[services/a experiments/e]",
		"run/e/q-1":       "[runs/e/q-1]",
		"all":             "[experiments services jobs benchmarks runs]",
		"":                "of what?",
		"svc/":            `"svc/" names no object`,
		"svc/a b":         `"b" names no object`,
		"svc,jobs a":      "several kinds",
		"all a":           "several kinds",
		"deploy/a":        "services",
		"experiment/a /b": "no kind",
	} {
		refs, err := References(strings.Fields(typed))
		var said []string
		for _, r := range refs {
			said = append(said, strings.TrimSuffix(r.Kind+"/"+r.Name, "/"))
		}
		got := fmt.Sprint(said)
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != want || err != nil && !strings.Contains(got, want) {
			t.Errorf("%q is %s, want %s", typed, got, want)
		}
	}
	for typed, want := range map[string]string{"svc": "which service?", "nodes/n1": "takes no nodes"} {
		if _, err := Named(strings.Fields(typed), "services", "runs"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", typed, err, want)
		}
	}
}

// TestJSONPath fills templates as kubectl does.
func TestJSONPath(t *testing.T) {
	list := NewList([]Object{New("Service", Metadata{Name: "a"}, nil, v1alpha1.ServiceStatus{Ready: 2}), New("Service", Metadata{Name: "b"}, nil, nil)})
	for template, want := range map[string]string{
		"{.items[*].metadata.name}": "a b\n",
		`{range .items[*]}{.metadata.name}={.status.readyReplicas}{"\n"}{end}`: "a=2\nb=\n\n",
		`{.items[?(@.metadata.name=="b")].kind}`:                               "Service\n",
	} {
		var out strings.Builder
		if err := errors.Join(CheckJSONPath(template), JSONPath(&out, template, list)); err != nil || out.String() != want {
			t.Errorf("%s: %q, %v", template, out.String(), err)
		}
	}
	if err := CheckJSONPath("{.items[}"); err == nil || !strings.Contains(err.Error(), "kubectl") {
		t.Errorf("a template that cannot be filled: %v", err)
	}
}

// TestLabels lists what belongs to experiments with those labels.
func TestLabels(t *testing.T) {
	s := Snapshot{Heads: map[string]store.Revision{}}
	for name, team := range map[string]string{"a": "x", "b": "y"} {
		e := v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: name, Labels: map[string]string{"team": team}}}
		s.Heads[name] = store.Revision{Experiment: name, Spec: e}
		s.Statuses = append(s.Statuses, v1alpha1.ExperimentStatus{Name: name, Services: []v1alpha1.ServiceStatus{{Name: "llm"}}})
	}
	for selector, want := range map[string]int{"": 2, "team=x": 1, "team!=x": 1, "team in (x,y)": 2, "stage": 0} {
		l, err := labels.Parse(selector)
		items, err2 := s.Objects("services", Filter{Labels: l})
		if err := errors.Join(err, err2); err != nil || len(items) != want {
			t.Errorf("-l %q lists %d, %v; want %d", selector, len(items), err, want)
		}
	}
}

// TestDescribe shows an object with its conditions and its own events only.
func TestDescribe(t *testing.T) {
	s := snapshot(t, example("e"))
	lease, err := s.store.Acquire(t.Context(), "test", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range []string{"q-1", "other-1"} {
		if err := lease.Emit(store.Event{Time: time.Now(), Type: "Normal", Experiment: "e", Object: "run/" + run, Reason: "TargetReady", Message: "it starts"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		kind, name string
		want       []string
		event      bool
	}{
		{"experiment", "e", []string{"Experiment:    e", "Revision:      1 (abc)", "commit 0123456789abcdef-dirty", "Service:       llm  Ready  http://n1:1"}, true},
		{"service", "llm", []string{"vllm (simulated)", "Job:         7 Running", "Ready          True"}, true},
		{"benchmark", "e/q", []string{"1 done of 1", "Run:           q-1  Complete"}, false},
		{"run", "q-1", []string{"Point:         a=1,b=2", "Time:          60s", "ttft_p99_ms                      12.5"}, false},
	} {
		var out bytes.Buffer
		found, err := s.Describe(&out, c.kind, c.name)
		if err != nil || !found {
			t.Fatalf("%s %s: %v %v", c.kind, c.name, found, err)
		}
		for _, w := range c.want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s %s lacks %q:\n%s", c.kind, c.name, w, out.String())
			}
		}
		if got := strings.Contains(out.String(), "run/q-1  TargetReady"); got != (c.kind != "service") { // a benchmark's runs are its own
			t.Errorf("%s %s: the event of the run is shown: %v:\n%s", c.kind, c.name, got, out.String())
		}
		if got := strings.Contains(out.String(), "run/other-1"); got != (c.kind == "experiment") {
			t.Errorf("%s %s: the event of another benchmark's run is shown: %v", c.kind, c.name, got)
		}
		if got := strings.Contains(out.String(), "job 7 (x2)"); got != c.event {
			t.Errorf("%s %s: the event is shown: %v, want %v", c.kind, c.name, got, c.event)
		}
	}
	if found, err := s.Describe(&bytes.Buffer{}, "service", "nothing"); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

// TestConditions finds objects; an experiment counts only once its newest revision was acted on.
func TestConditions(t *testing.T) {
	s := snapshot(t, example("e"))
	for _, kind := range []string{"experiment/e", "service/llm", "service/e/llm", "benchmark/q", "run/q-1"} {
		k, name, _ := strings.Cut(kind, "/")
		if _, ok := s.Conditions(k, name); !ok {
			t.Errorf("%s was not found", kind)
		}
	}
	if _, ok := s.Conditions("service", "f/llm"); ok {
		t.Error("found a service of another experiment")
	}
	head := s.Heads["e"]
	head.Generation = 2
	s.Heads["e"] = head
	if _, ok := s.Conditions("experiment", "e"); ok {
		t.Error("an old status counts for a new revision")
	}
}

// TestSettled is about when a waiting command ends, and how.
func TestSettled(t *testing.T) {
	stalled := condition(v1alpha1.Stalled, v1alpha1.True, "CommandNotFound")
	for name, c := range map[string]struct {
		change  func(*v1alpha1.ExperimentStatus)
		settled bool
		failure string
	}{
		"done": {func(*v1alpha1.ExperimentStatus) {}, true, ""},
		"at work": {func(e *v1alpha1.ExperimentStatus) {
			e.Conditions = append(e.Conditions, condition(v1alpha1.Reconciling, v1alpha1.True, ""))
		}, false, ""},
		"no status": {func(e *v1alpha1.ExperimentStatus) { e.Conditions = nil }, false, ""},
		"stalled":   {func(e *v1alpha1.ExperimentStatus) { e.Conditions = []v1alpha1.Condition{stalled} }, true, "experiment e is stalled (CommandNotFound): so it is"},
		"a service": {func(e *v1alpha1.ExperimentStatus) { e.Services[0].Conditions = []v1alpha1.Condition{stalled} }, true, "look: assay logs e/llm"},
		"a benchmark": {func(e *v1alpha1.ExperimentStatus) {
			e.Benchmarks[0].Conditions = []v1alpha1.Condition{condition(v1alpha1.Failed, v1alpha1.True, "x")}
		}, true, "look: assay describe benchmark e/q"},
	} {
		e := example("e")
		c.change(&e)
		if got := Settled(e); got != c.settled {
			t.Errorf("%s: settled %v", name, got)
		}
		err := Failures([]v1alpha1.ExperimentStatus{e})
		if (err != nil) != (c.failure != "") || err != nil && !strings.Contains(err.Error(), c.failure) {
			t.Errorf("%s: %v, want %q", name, err, c.failure)
		}
	}
}

// TestRunning says what is up and how to stop it.
func TestRunning(t *testing.T) {
	ends := time.Now().Add(time.Hour + time.Second)
	e := example("e")
	e.Services[0].Seats[0].Ends = &ends
	e.Services = append(e.Services, e.Services[0]) // of the same group
	e.Runs = append(e.Runs, v1alpha1.RunStatus{ID: "q-2", Phase: v1alpha1.RunRunning, JobID: "8"}, v1alpha1.RunStatus{ID: "q-3", Phase: v1alpha1.RunRunning, JobID: "7"})
	want := []string{
		"experiment e: run q-2 still goes on, in a job of its own (8). Stop with: assay delete experiment e",
		"experiment e: 1 job(s) on 1 node(s) still up, at most 60m more. Stop with: assay delete experiment e",
	}
	if d := cmp.Diff(want, Running(e)); d != "" {
		t.Error(d)
	}
	for name, seat := range map[string]v1alpha1.SeatStatus{
		"a queued job":                       {Nonce: "n", JobID: "9", JobState: "Pending"},
		"a submission of unknown outcome":    {Nonce: "n"},
		"a suspended job that gave up nodes": {Nonce: "n", JobID: "9", JobState: "Suspended"},
	} {
		queued := v1alpha1.ExperimentStatus{Name: "e", Services: []v1alpha1.ServiceStatus{{Seats: []v1alpha1.SeatStatus{seat}}}}
		queued.Services = append(queued.Services, queued.Services[0]) // of the same group
		want := []string{"experiment e: 1 job(s) submitted, no node known yet. Stop with: assay delete experiment e"}
		if d := cmp.Diff(want, Running(queued)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if d := cmp.Diff([]string{"experiment e: nothing is left running."}, Running(v1alpha1.ExperimentStatus{Name: "e"})); d != "" {
		t.Error(d)
	}
}

// TestLines sums up what a waiting command shows.
func TestLines(t *testing.T) {
	e := example("e")
	e.Benchmarks = append(e.Benchmarks, v1alpha1.BenchmarkStatus{Name: "later", Runs: 1, Conditions: []v1alpha1.Condition{condition(v1alpha1.Complete, v1alpha1.False, "Waiting")}})
	e.Runs[0].Conditions = []v1alpha1.Condition{condition(v1alpha1.Valid, v1alpha1.False, "Slow")}
	var got []string
	for _, l := range Lines(e) {
		got = append(got, l.Object+" "+l.State+" "+l.Detail)
	}
	want := []string{"e/llm Ready http://n1:1", "e/later Waiting Waiting so it is", "e/q-1 Complete not valid: so it is"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestManifest prints a job with its batch script and its process.
func TestManifest(t *testing.T) {
	site := v1alpha1.LocalSite()
	site.Spec.Paths.State = "/state"
	repeats := 2
	e := v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "e"}, Spec: v1alpha1.ExperimentSpec{
		Services:   []v1alpha1.Service{{Name: "out", External: &v1alpha1.External{URL: "http://x"}}},
		Benchmarks: []v1alpha1.Benchmark{{Name: "q", Target: "llm", Repeats: &v1alpha1.Repeats{Runs: repeats}}},
	}}
	all := []plan.Placement{
		{Seat: drivers.Seat{Experiment: "e", Group: "llm"}, Job: drivers.JobSpec{Name: "assay.e.llm.0", Nodes: 2, Partition: "gpu", GPUsPerNode: 4}, Members: []string{"llm"},
			Processes: []drivers.Process{{Name: "llm", Argv: []string{"vllm", "--port", "$(PORT)"}, Env: map[string]string{"A": "1"}, Probes: []drivers.Probe{{Path: "/health"}}}}},
		{Seat: drivers.Seat{Experiment: "another"}, Job: drivers.JobSpec{Name: "assay.another.x.0"}},
	}
	var out bytes.Buffer
	batch := func(j drivers.JobSpec) ([]string, string, error) {
		return []string{"sbatch", j.Dir}, "#!/bin/sh\n", nil
	}
	if err := Manifest(&out, site, e, all, batch); err != nil {
		t.Fatal(err)
	}
	want := `experiment e at site local (local)

job assay.e.llm.0: llm
  placement  2 node(s) of partition gpu, 4 GPUs a node
  submit
      sbatch /state/jobs/SEAT/NONCE
  script     #!/bin/sh
  process llm
    env      A=1
    run
      vllm \
        --port '$(PORT)'
    ready    GET /health

no job for out: it already runs at http://x

benchmark q: 2 run(s) against llm, at most 0s each
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
}

// TestRunsArePaged: of many runs the last ones are listed, whatever they have become, and what is left out is counted.
func TestRunsArePaged(t *testing.T) {
	st, err := store.Open(t.TempDir(), store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := st.Acquire(t.Context(), "test", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 30 {
		r := plan.Run{ID: fmt.Sprintf("q-%02d", i), Experiment: "e", Benchmark: "q", Phase: v1alpha1.RunComplete, Created: begun.Add(time.Duration(i) * time.Minute)}
		switch {
		case i%10 == 3:
			r.Phase = v1alpha1.RunFailed
		case i == 29:
			r.Phase, r.Experiment = v1alpha1.RunRunning, "f"
		}
		if _, err := lease.CreateRun(r, drivers.SuiteRequest{}); err != nil {
			t.Fatal(err)
		}
		if i%10 == 5 {
			r.Result = &drivers.SuiteResult{Run: r.ID, Reasons: []drivers.Reason{{Reason: "Slow", Message: "it was slow"}}, Started: r.Created, Ended: r.Created}
			if err := lease.UpdateRun(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := lease.PutStatus(v1alpha1.ExperimentStatus{Name: "e"}); err != nil {
		t.Fatal(err)
	}
	started := begun.Add(29 * time.Minute)
	running := v1alpha1.RunStatus{ID: "q-29", Benchmark: "q", Phase: v1alpha1.RunRunning, Started: &started}
	if err := lease.PutStatus(v1alpha1.ExperimentStatus{Name: "f", Runs: []v1alpha1.RunStatus{running}}); err != nil {
		t.Fatal(err)
	}
	s, err := Read(st)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		filter Filter
		want   string
		more   int
	}{
		"the last ones":     {Filter{Limit: 3}, "e/q-27 e/q-28 f/q-29", 27},
		"of one experiment": {Filter{Limit: 2, Experiment: "e"}, "e/q-27 e/q-28", 27},
		"failed":            {Filter{Phase: "failed"}, "e/q-03 e/q-13 e/q-23", 0},
		"not valid":         {Filter{Valid: v1alpha1.False, Limit: 2}, "e/q-15 e/q-25", 1},
		"since":             {Filter{Since: begun.Add(27 * time.Minute)}, "e/q-27 e/q-28 f/q-29", 0},
		"of a benchmark":    {Filter{Benchmark: "other"}, "", 0},
		"one":               {Filter{Name: "q-07"}, "e/q-07", 0},
	} {
		var got []string
		more, err := s.EachRun(c.filter, func(o Object) error { got = append(got, o.FullName()); return nil })
		if err != nil || strings.Join(got, " ") != c.want || more != c.more {
			t.Errorf("%s: %q and %d more, %v; want %q and %d", name, got, more, err, c.want, c.more)
		}
	}
	if cs, ok := s.Conditions("run", "e/q-05"); !ok || v1alpha1.Find(cs, v1alpha1.Valid).Status != v1alpha1.False {
		t.Errorf("the conditions of a run that ended long ago: %+v %v", cs, ok)
	}
	e, err := withRecent(st, v1alpha1.ExperimentStatus{Name: "f", Runs: []v1alpha1.RunStatus{running}})
	if err != nil || len(e.Runs) != 1 {
		t.Errorf("%+v %v", e.Runs, err)
	}
	if e, err = withRecent(st, v1alpha1.ExperimentStatus{Name: "e"}); err != nil || len(e.Runs) != 29 {
		t.Errorf("%d runs, %v", len(e.Runs), err)
	}
}
