package plan

import (
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// TestOneTargetOfTwoExperiments: a server or a directory that two experiments name is measured by one of them at a time.
func TestOneTargetOfTwoExperiments(t *testing.T) {
	external := func(url string) Service {
		return Service{Name: "s", Kind: "external", URL: url, Proc: url, Processes: []drivers.Process{{Name: "s"}}}
	}
	folder := func(path string) Service {
		return Service{Name: "s", Kind: "lustre", Lustre: &v1alpha1.Lustre{Path: path}, Proc: path}
	}
	for name, c := range map[string]struct {
		a, b Service
		runs int
	}{
		"one server":         {external("http://h:1"), external("http://h:1"), 1},
		"two servers":        {external("http://h:1"), external("http://h:2"), 2},
		"one directory":      {folder("/p/x"), folder("/p/x"), 1},
		"two directories":    {folder("/p/x"), folder("/p/y"), 2},
		"one of both, alike": {external("http://h:1"), folder("/p/x"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := Desired{Store: "us", Policy: Policy{RunAttempts: 3}}
			o := Observed{Now: epoch, Listing: Listing{At: epoch}, Externals: map[string]External{}, Folders: map[string]Folder{}}
			for i, s := range []Service{c.a, c.b} {
				e := Experiment{Name: string(rune('a' + i)), Services: []Service{s}, Benchmarks: []Benchmark{{Name: "q", Target: "s", Repeats: 1, Timeout: time.Minute, OwnJob: true}}}
				d.Experiments = append(d.Experiments, e)
				o.Externals[e.Name+"/s"] = External{Ready: true}
				o.Folders[e.Name+"/s"] = Folder{Exists: true, Ours: true, Striped: true, FreeBytes: -1, FreeInodes: -1}
			}
			begun := func() (begun []Run) {
				for _, a := range Plan(d, o).Actions {
					if a.Verb == CreateRun {
						begun = append(begun, *a.Run)
					}
				}
				return begun
			}
			first := begun()
			if len(first) != c.runs {
				t.Fatalf("%d runs begin in one pass, want %d", len(first), c.runs)
			}
			o.Runs = first
			r := Plan(d, o)
			if again := begun(); len(again) != 0 {
				t.Errorf("%d more begin in the next pass", len(again))
			}
			waits := conditionOf(r.Status[1], "q", "Complete")
			if c.runs == 1 && !strings.Contains(waits.Message, "of experiment a measures the same target") {
				t.Errorf("it does not say why it waits: %+v", waits)
			}
			o.Runs[0].Phase = v1alpha1.RunComplete
			if after := begun(); len(after) != 2-c.runs {
				t.Errorf("%d begin when the first has ended", len(after))
			}
		})
	}
}
