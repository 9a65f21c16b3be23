package branch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/results/resultset"
	"assay/reconciler/store"
)

// memory is a store of one experiment, whose revisions measure what their label says.
type memory struct {
	revisions []store.Revision
	runs      []plan.Run
}

func (m *memory) Runs(string) ([]plan.Run, error)          { return m.runs, nil }
func (m *memory) RunExperiments() ([]string, error)        { return []string{"e"}, nil }
func (m *memory) History(string) ([]store.Revision, error) { return slices.Clone(m.revisions), nil }
func (m *memory) Head(string) (store.Revision, bool, error) {
	return m.revisions[len(m.revisions)-1], true, nil
}

func (m *memory) accept(commit, subject string) {
	n := len(m.revisions) + 1
	rev := store.Revision{Experiment: "e", Generation: int64(n), Hash: fmt.Sprintf("hash%04d", n), Origin: drivers.Origin{Commit: commit, Author: "Ann", Subject: subject}}
	rev.Spec.Spec.Benchmarks = []v1alpha1.Benchmark{{Name: "q", Gates: []v1alpha1.Gate{{Metric: "output_throughput", Min: &v1alpha1.Bound{Number: 1}}}}}
	m.revisions = append(m.revisions, rev)
}

// measure adds a repeat of the newest revision.
func (m *memory) measure(repeat int, throughput float64) {
	id := fmt.Sprintf("q-%d-%d", repeat, len(m.runs))
	begun := time.Date(2026, 1, 1, 0, len(m.runs), 0, 0, time.UTC)
	m.runs = append(m.runs, plan.Run{Experiment: "e", Benchmark: "q", Repeat: repeat, ID: id, Revision: m.revisions[len(m.revisions)-1].Hash, Phase: v1alpha1.RunComplete, Created: begun, Dir: "/home/ann/state/" + id,
		Result: &drivers.SuiteResult{Run: id, Valid: true, Started: begun, Ended: begun.Add(30 * time.Second), Metrics: map[string]float64{"output_throughput": throughput}}})
}

func (m *memory) results() Results {
	return Results{Site: "local", Reader: resultset.Reader{Store: m, Configurations: func(rev store.Revision) ([]plan.Configuration, error) {
		return []plan.Configuration{{Benchmark: "q", Fingerprint: rev.Hash, Repeats: 2}}, nil
	}}}
}

// TestFiles: a revision is written once every repeat has ended, and again when others count; what is there of others stays; no path of this machine
// is in it, and what others wrote is text.
func TestFiles(t *testing.T) {
	m, there := &memory{}, map[string][]byte{}
	held := func(name string) ([]byte, bool) { b, ok := there[name]; return b, ok }
	write := func() (changed []string) {
		t.Helper()
		files, err := m.results().Files([]string{"e"}, held)
		if err != nil {
			t.Fatal(err)
		}
		for name, b := range files {
			if string(there[name]) != string(b) {
				changed = append(changed, name)
			}
			there[name] = b
		}
		slices.Sort(changed)
		return changed
	}
	m.accept("0123456789abcdef", "First")
	m.measure(1, 100)
	if got := write(); len(got) > 0 {
		t.Errorf("with a repeat that has not ended: %v", got)
	}
	m.measure(2, 101)
	const first = "e/0123456789ab-hash0001"
	if got := fmt.Sprint(write()); got != "[INDEX.md "+first+".json "+first+".md]" {
		t.Errorf("written: %s", got)
	}
	if got := write(); len(got) > 0 {
		t.Errorf("again: %v", got)
	}
	foreign := "| other | 9999 | Eve | Their runner | 2026-01-01 00:00:00 | 3 | q: 5 tok/s | GO | [report](other/9999-aaaa.md), [data](other/9999-aaaa.json) |"
	there[indexName] = append(there[indexName], foreign+"\n"...)
	m.accept("fedcba9876543210", "Second | [x](http://y)")
	m.measure(1, 50)
	m.measure(2, 51)
	if got := fmt.Sprint(write()); got != "[INDEX.md e/fedcba987654-hash0002.json e/fedcba987654-hash0002.md]" {
		t.Errorf("the second: %s", got)
	}
	lines := strings.Split(strings.TrimSpace(strings.TrimPrefix(string(there[indexName]), indexHead)), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "| e | 0123456789ab | Ann | First | 2026-01-01 00:01:30 | 2 | q: 100 tok/s | GO | [report]("+first+".md)") || lines[1] != foreign || !strings.Contains(lines[2], `Second \| \[x\](http&#58;//y)`) {
		t.Errorf("the index:\n%s", there[indexName])
	}
	if text := string(there["e/fedcba987654-hash0002.md"]); !strings.Contains(text, "Changes against") {
		t.Errorf("the report lacks what changed:\n%s", text)
	}
	m.measure(2, 52) // it was asked for again
	if got := write(); len(got) != 3 {
		t.Errorf("with another run: %v", got)
	}
	for name, b := range there {
		if strings.Contains(string(b), "/home/ann") {
			t.Errorf("%s has a path of this machine", name)
		}
	}
}
