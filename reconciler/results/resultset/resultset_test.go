package resultset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/gate"
	"assay/reconciler/plan"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// memory is a store of one or more experiments.
type memory struct {
	runs      []plan.Run
	revisions []store.Revision
}

func (m *memory) Runs(experiment string) (out []plan.Run, err error) {
	for _, r := range m.runs {
		if experiment == "" || r.Experiment == experiment {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) RunExperiments() (out []string, err error) {
	for _, r := range m.runs {
		if !slices.Contains(out, r.Experiment) {
			out = append(out, r.Experiment)
		}
	}
	return out, nil
}

func (m *memory) History(experiment string) (out []store.Revision, err error) {
	for _, r := range m.revisions {
		if r.Experiment == experiment {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) Head(experiment string) (head store.Revision, ok bool, err error) {
	history, err := m.History(experiment)
	if len(history) == 0 || history[len(history)-1].Deleting {
		return head, false, err
	}
	return history[len(history)-1], true, err
}

// accept adds a revision whose benchmark q measures the model; an empty model cannot be compiled.
func (m *memory) accept(experiment, hash, model string, gates ...v1alpha1.Gate) {
	history, _ := m.History(experiment)
	rev := store.Revision{Experiment: experiment, Hash: hash, Generation: int64(len(history) + 1)}
	rev.Spec.Metadata.Labels = map[string]string{"model": model}
	rev.Spec.Spec.Benchmarks = []v1alpha1.Benchmark{{Name: "q", Gates: gates}}
	m.revisions = append(m.revisions, rev)
}

// measure adds a valid run.
func (m *memory) measure(experiment, hash string, repeat int, throughput float64) {
	id := fmt.Sprintf("q-%d-%d", repeat, len(m.runs))
	begun := start.Add(time.Duration(len(m.runs)) * time.Minute)
	m.runs = append(m.runs, plan.Run{
		Experiment: experiment, Benchmark: "q", Repeat: repeat, ID: id, Revision: hash, Phase: v1alpha1.RunComplete, Created: begun,
		Result: &drivers.SuiteResult{Run: id, Valid: true, Started: begun, Ended: begun.Add(30 * time.Second), Metrics: map[string]float64{"output_throughput": throughput}},
	})
}

func (m *memory) reader() Reader {
	return Reader{Store: m, Configurations: func(rev store.Revision) ([]plan.Configuration, error) {
		model := rev.Spec.Metadata.Labels["model"]
		if model == "" {
			return nil, errors.New("a field that this assay does not know")
		}
		return []plan.Configuration{{Benchmark: "q", Fingerprint: model}}, nil
	}}
}

// values are the throughputs of rows.
func values(rows []results.Row) string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprint(r.Metrics["output_throughput"]))
	}
	return strings.Join(out, " ")
}

// measured has three revisions of e (model a, the same again, model b), one of f, and one of g that cannot be compiled.
func measured() *memory {
	m := &memory{}
	m.accept("e", "aaaa1111", "a")
	m.measure("e", "aaaa1111", 1, 11.9)
	m.measure("e", "aaaa1111", 2, 11)
	m.measure("e", "aaaa1111", 2, 12) // again: it replaces the one before
	m.accept("e", "aaaa2222", "a")
	m.accept("e", "bbbb3333", "b")
	m.measure("e", "bbbb3333", 1, 20)
	m.accept("f", "cccc1111", "a")
	m.measure("f", "cccc1111", 1, 30)
	m.accept("g", "dddd1111", "")
	m.measure("g", "dddd1111", 1, 40)
	for i, commit := range []string{"5eed0001", "5eed0002", "5eed0002"} {
		m.revisions[i].Origin.Commit = commit
	}
	return m
}

func TestReferences(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "saved.json")
	if err := os.WriteFile(saved, []byte(`{"kind":"Report","runs":[{"benchmark":"q","metrics":{"output_throughput":50}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.json")
	if err := os.WriteFile(other, []byte(`{"kind":"List"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		"e":             "20",
		"e@1":           "11.9 12",
		"e@2":           "11.9 12", // another revision that measures the same
		"e@bbbb":        "20",
		"e@5eed0001":    "11.9 12",
		"e@5eed0002":    "20", // the newest of a commit
		"e@5eed":        "error: e has 2 revisions that begin with 5eed",
		"g":             "40", // its own runs alone
		"label:model=a": "30", // the newest experiment, not mixed with e
		"file:" + saved: "50",
		"e@9":           "error: e has no revision 9; the revisions: assay history e",
		"e@aaaa":        "error: e has 2 revisions that begin with aaaa",
		"e@aaa":         "error: e has no revision aaa",
		"x":             "error: x has no result; what there is: assay get runs",
		"label:model":   "error: needs a value: label:KEY=VALUE",
		"label:model=z": "error: label:model=z has no result",
		"file:" + other: "error: is not a report of assay; write one: assay report",
		"file:/absent":  "error: no such file",
	} {
		rows, err := measured().reader().Results(ref)
		if text, wrong := strings.CutPrefix(want, "error: "); wrong {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v, want %q", ref, err, text)
			}
		} else if err != nil || values(rows) != want {
			t.Errorf("%s: %s, %v, want %s", ref, values(rows), err, want)
		}
	}
}

// TestMeasured lists revisions with results, of those with the same results the newest, and none that delete.
func TestMeasured(t *testing.T) {
	m := measured()
	m.accept("e", "aaaa2222", "a")
	m.revisions[len(m.revisions)-1].Deleting = true
	read, err := m.reader().Measurements("e")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range read.Measured() {
		got = append(got, fmt.Sprintf("%d: %s", x.Generation, values(x.Rows)))
	}
	if want := "2: 11.9 12, 3: 20"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
}

// TestVerdicts decides each gate of the newest revision: by its own results, by a baseline, by PromQL, and without any.
func TestVerdicts(t *testing.T) {
	floor := &v1alpha1.Bound{Number: 15}
	gates := []v1alpha1.Gate{
		{Metric: "output_throughput", Min: floor}, {Metric: "output_throughput", Baseline: "e@1", MaxDrop: 5}, {Metric: "output_throughput", Baseline: "x", MaxDrop: 5},
		{PromQL: "up", Min: floor},
	}
	m := measured()
	m.accept("e", "bbbb4444", "b", gates...)
	m.measure("e", "bbbb4444", 2, 20)
	m.accept("f", "ffff2222", "z", gates[0])
	promql := func(v1alpha1.Gate, []results.Row) ([]float64, error) { return []float64{1, 1}, nil }
	for experiment, want := range map[string]string{"e": "GO GO INCONCLUSIVE NO-GO", "f": "INCONCLUSIVE"} {
		all, err := m.reader().Verdicts(experiment, promql)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range all {
			got = append(got, v.Verdict)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %+v, want %s", experiment, all, want)
		}
	}
	if all, err := m.reader().Verdicts("e@bbbb4444", promql); err != nil || len(all) != len(gates) {
		t.Errorf("of a revision that is named: %+v, %v", all, err)
	}
	if _, err := m.reader().Verdicts("e@5eed0001", promql); !errors.Is(err, ErrNoGate) {
		t.Errorf("of a commit without gates: %v", err)
	}
	if _, err := m.reader().Verdicts("x", promql); err == nil || !strings.Contains(err.Error(), `no experiment "x"`) {
		t.Errorf("of no experiment: %v", err)
	}
}

// TestUnmeasuredPointsCount: of three points with three repeats two runs have ended, both good. Every point has a verdict, and
// none passes.
func TestUnmeasuredPointsCount(t *testing.T) {
	m := &memory{}
	most := &v1alpha1.Bound{Number: 100}
	m.accept("e", "aaaa1111", "a", v1alpha1.Gate{Metric: "output_throughput", Max: most})
	for repeat := range 2 {
		m.measure("e", "aaaa1111", repeat+1, 10+0.1*float64(repeat))
		m.runs[repeat].Point = map[string]string{"c": "1"}
	}
	r := m.reader()
	r.Configurations = func(store.Revision) (out []plan.Configuration, err error) {
		for _, c := range []string{"1", "2", "3"} {
			out = append(out, plan.Configuration{Benchmark: "q", Fingerprint: "a", Point: map[string]string{"c": c}, Repeats: 3})
		}
		return out, nil
	}
	all, err := r.Verdicts("e", nil)
	if err != nil || len(all) != 3 || gate.Overall(all) != gate.Inconclusive {
		t.Fatalf("%+v, %v", all, err)
	}
	for i, want := range []string{"1 of 3 repeats have not ended: 3; so far: typically 10", "3 of 3 repeats have not ended: 1-3", "3 of 3"} {
		if all[i].Verdict != gate.Inconclusive || !strings.Contains(all[i].Reason, want) {
			t.Errorf("%+v, want %q", all[i], want)
		}
	}
	m.accept("f", "bbbb1111", "a")
	if _, err := m.reader().Verdicts("f", nil); err == nil || !strings.Contains(err.Error(), "declares no gate") {
		t.Errorf("without gates: %v", err)
	}
	r.Configurations = func(store.Revision) ([]plan.Configuration, error) { return nil, errors.New("a field of tomorrow") }
	if all, err := r.Verdicts("e", nil); err != nil || gate.Overall(all) != gate.Inconclusive || !strings.Contains(all[0].Reason, "a field of tomorrow") {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestPromQLWindows asks about the time in which each run measured, and not about the minutes in which it was prepared and
// scored.
func TestPromQLWindows(t *testing.T) {
	from := start.Add(20 * time.Second)
	measured := func(d time.Duration) *drivers.Window { return &drivers.Window{From: from, To: from.Add(d)} }
	rows := []results.Row{{Run: "q-1", Started: start, Ended: start.Add(time.Minute), Window: measured(30 * time.Second)},
		{Run: "q-2", Window: &drivers.Window{From: from, To: from.Add(time.Hour), Stepped: 3590}}, {Run: "q-3", Started: start, Ended: start.Add(time.Minute)}}
	ask := PromQL(t.Context(), func(_ context.Context, expression string, parts []drivers.Span) (float64, error) {
		if expression == "down" {
			return 0, drivers.ErrUnavailable
		}
		if len(parts) != 1 || !parts[0].From.Equal(from) {
			t.Errorf("asked about %v", parts)
		}
		return parts[0].To.Sub(parts[0].From).Seconds(), nil
	})
	if got, err := ask(v1alpha1.Gate{PromQL: "up"}, rows[:1]); err != nil || len(got) != 1 || got[0] != 30 {
		t.Errorf("%v, %v, want 30", got, err)
	}
	if _, err := ask(v1alpha1.Gate{PromQL: "up"}, rows[:2]); err == nil || !strings.Contains(err.Error(), "set by 59m50s") {
		t.Errorf("of a run during which the clock was set: %v", err)
	}
	if _, err := ask(v1alpha1.Gate{PromQL: "up"}, rows[2:]); err == nil || !strings.Contains(err.Error(), "older assay") {
		t.Errorf("of a run without a window: %v", err)
	}
	if _, err := ask(v1alpha1.Gate{PromQL: "down"}, rows); !errors.Is(err, drivers.ErrUnavailable) || !strings.Contains(err.Error(), "assay controller") {
		t.Errorf("without a server: %v", err)
	}
}

// TestChanged: the newest change of a metric that a gate bounds, up to the revision that is named; nothing without a gate.
func TestChanged(t *testing.T) {
	m := &memory{}
	for i := range 10 {
		hash, level := fmt.Sprintf("aaaa%04d", i), 100+0.1*float64(i%3)
		if i >= 6 {
			level -= 8
		}
		m.accept("e", hash, fmt.Sprint("model", i), v1alpha1.Gate{Metric: "output_throughput", Min: &v1alpha1.Bound{Number: 1}}, v1alpha1.Gate{Metric: "output_throughput", Baseline: "e", MaxDrop: 5})
		m.revisions[i].Origin.Commit = fmt.Sprintf("5eed%04d", i)
		m.measure("e", hash, 1, level)
	}
	got, err := m.reader().Changed("e")
	if err != nil || len(got) != 1 || got[0].Commit != "5eed0006" || !got[0].Worse || got[0].Benchmark != "q" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := m.reader().Changed("e@5eed0005"); err != nil || len(got) != 0 {
		t.Errorf("before it: %+v, %v", got, err)
	}
	m.accept("e", "bbbb0000", "model9")
	if got, err := m.reader().Changed("e"); err != nil || len(got) != 0 {
		t.Errorf("without a gate: %+v, %v", got, err)
	}
}

// TestCompleteAndRounds: a revision is complete once every repeat has ended, and is found by its content; of a benchmark that is
// measured again by its schedule only the newest time counts, also while that goes on.
func TestCompleteAndRounds(t *testing.T) {
	m := &memory{}
	m.accept("e", "aaaa1111", "a")
	r := m.reader()
	r.Configurations = func(store.Revision) ([]plan.Configuration, error) {
		return []plan.Configuration{{Benchmark: "q", Fingerprint: "a", Repeats: 2}}, nil
	}
	complete := func(want bool, counted string) {
		t.Helper()
		read, err := r.Measurements("e")
		if err != nil {
			t.Fatal(err)
		}
		rev, found, err := read.Measuring("aaaa1111")
		if err != nil || found != want || found && rev.Generation != 1 {
			t.Errorf("complete: %v, want %v: %+v, %v", found, want, rev, err)
		}
		if got := values(read.Of(m.revisions[0])); got != counted {
			t.Errorf("%s count, want %s", got, counted)
		}
	}
	complete(false, "")
	m.measure("e", "aaaa1111", 1, 10)
	complete(false, "10")
	m.measure("e", "aaaa1111", 2, 11)
	complete(true, "10 11")
	m.measure("e", "aaaa1111", 1, 20)
	m.runs[2].Round = start.Add(time.Hour)
	complete(false, "20")
	m.measure("e", "aaaa1111", 2, 21)
	m.runs[3].Round = start.Add(time.Hour)
	complete(true, "20 21")
	if read, err := r.Measurements("e"); err != nil {
		t.Error(err)
	} else if _, found, err := read.Measuring("bbbb"); found || err != nil {
		t.Errorf("of another content: %v %v", found, err)
	}
}
