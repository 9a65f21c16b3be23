package sealed

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/reconciler/results"
)

// runsOf are valid runs of a benchmark with a throughput each.
func runsOf(benchmark string, values ...float64) (out []results.Row) {
	for i, v := range values {
		out = append(out, results.Row{Benchmark: benchmark, Repeat: i + 1, Run: benchmark, Valid: true, Metrics: map[string]float64{"output_throughput": v}})
	}
	return out
}

// TestVerdicts: what a replay came to, per point and of all.
func TestVerdicts(t *testing.T) {
	simulated := func(rows []results.Row) []results.Row {
		for i := range rows {
			rows[i].Simulated = true
		}
		return rows
	}
	same := runsOf("q", 100, 101, 99)
	for name, c := range map[string]struct {
		was, is       []results.Row
		verdict, want string
	}{
		"the same again":          {same, runsOf("q", 100.5, 99.5, 101), Reproduced, "the intervals meet"},
		"equal":                   {same, same, Reproduced, "the intervals meet"},
		"half of it":              {same, runsOf("q", 50, 51, 49), NotReproduced, ""},
		"one run here":            {same, runsOf("q", 100), Inconclusive, "the replay has too few runs for an interval (1)"},
		"one run there":           {runsOf("q", 100), same, Inconclusive, "the bundle has too few runs"},
		"anything would fit":      {runsOf("q", 50, 200), runsOf("q", 60, 190), Inconclusive, "wider than the number"},
		"simulated here":          {same, simulated(runsOf("q", 100, 101, 99)), Inconclusive, "one side is simulated"},
		"not there":               {same, runsOf("r", 1, 2), Inconclusive, "the replay has no run of it"},
		"nothing":                 {nil, nil, Inconclusive, ""},
		"one of two":              {slices.Concat(same, runsOf("r", 10, 10.1, 9.9)), slices.Concat(same, runsOf("r", 20, 20.1, 19.9)), NotReproduced, ""},
		"one of two has no run":   {slices.Concat(same, runsOf("r", 10, 10.1, 9.9)), same, Inconclusive, ""},
		"one differs, one is off": {slices.Concat(same, runsOf("r", 10, 10.1, 9.9)), runsOf("r", 20, 20.1, 19.9), NotReproduced, ""},
	} {
		all := Compare(c.was, c.is, nil)
		if got := Overall(all); got != c.verdict {
			t.Errorf("%s: %s, want %s: %+v", name, got, c.verdict, all)
		}
		if c.want != "" && (len(all) != 1 || !strings.Contains(all[0].Why, c.want)) {
			t.Errorf("%s: %+v, want %q", name, all, c.want)
		}
	}
	if all := Compare(same, same, []string{"ttft.p99"}); Overall(all) != Inconclusive {
		t.Errorf("a metric that nobody has: %+v", all)
	}
}

func opened(t *testing.T, c Contents) *Bundle {
	t.Helper()
	path := filepath.Join(t.TempDir(), "b")
	if _, err := Create(t.Context(), path, c, "", nil); err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), path, Who{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// TestTheManifestElsewhere: at its own site it is as it was; at another one the defaults of that one are asked for.
func TestTheManifestElsewhere(t *testing.T) {
	cluster := v1alpha1.DefaultSite(v1alpha1.Site{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindSite, Metadata: v1alpha1.Metadata{Name: "cluster"},
		Spec: v1alpha1.SiteSpec{Scheduler: v1alpha1.Slurm, Defaults: v1alpha1.SiteDefaults{Partition: "gpu", QOS: "default"}, Partitions: map[string]v1alpha1.Partition{"gpu": {GPUsPerNode: 4}}}})
	c := contents(t)
	c.Revision.Spec.Spec.Site = cluster.Metadata.Name
	c.Revision.Spec.Spec.Services[0].Resources = v1alpha1.Resources{}
	c.Revision.Spec = v1alpha1.Default(cluster, c.Revision.Spec)
	c.Revision.Site = cluster
	b := opened(t, c)
	here, notes, err := b.Experiment("again", cluster)
	if err != nil || here.Spec.Services[0].Resources.Partition != "gpu" || here.Spec.WhenDone != "Stop" || here.Metadata.Name != "again" || here.Spec.Services[0].Secrets["HF_TOKEN"].Env != "HF_TOKEN" {
		t.Errorf("at its own site: %+v, %v", here.Spec.Services, err)
	}
	if len(here.Spec.Benchmarks[0].Gates) != 0 || len(notes) != 1 || !strings.Contains(notes[0], "Gates of q") {
		t.Errorf("gates: %+v, notes %q", here.Spec.Benchmarks[0].Gates, notes)
	}
	there, notes, err := b.Experiment("again", v1alpha1.LocalSite())
	r := there.Spec.Services[0].Resources
	if err != nil || r.Partition != "" || r.QOS != "" || r.GPUsPerNode != nil || there.Spec.Site != v1alpha1.Local || len(notes) != 2 {
		t.Errorf("elsewhere: %+v, %q, %v", r, notes, err)
	}
	c.Revision.Spec.Spec.Services[0].Resources.Partition = "other"
	if there, _, err = opened(t, c).Experiment("again", v1alpha1.LocalSite()); err != nil || there.Spec.Services[0].Resources.Partition != "other" {
		t.Errorf("what the user wrote: %+v, %v", there.Spec.Services, err)
	}
	c.Revision.Spec.Spec.Services[0].Env = map[string]string{"API_KEY": "hunter2hunter2"}
	if _, _, err = opened(t, c).Experiment("again", cluster); err == nil || !strings.Contains(err.Error(), "API_KEY") {
		t.Errorf("a manifest without its key: %v", err)
	}
}

// TestDataSets: they travel along, or are found by their content, or are named.
func TestDataSets(t *testing.T) {
	c := contents(t)
	path := dataFiles(c.Runs)[0].Path
	without := opened(t, c)
	c.Data = true
	with := opened(t, c)
	dir := t.TempDir()
	placed := func(b *Bundle, folder string) (string, error) {
		e, _, err := b.Experiment("again", v1alpha1.LocalSite())
		if err != nil {
			t.Fatal(err)
		}
		f, err := b.Place(&e, dir, folder)
		if err == nil {
			err = f.Take()
		}
		return e.Spec.Benchmarks[0].Serving.File, err
	}
	if at, err := placed(without, ""); err != nil || at != path {
		t.Errorf("it is here: %s, %v", at, err)
	}
	write(t, path, "another text")
	if _, err := placed(without, ""); err == nil || !strings.Contains(err.Error(), "is not in the bundle and not here; "+path+" is another file") {
		t.Errorf("another file: %v", err)
	}
	if _, err := create(t.Context(), nopWriter{}, c, "", nil); err == nil || !strings.Contains(err.Error(), "not the file that the runs read any more") {
		t.Errorf("sealing another file: %v", err)
	}
	at, err := placed(with, "")
	if b, err2 := os.ReadFile(at); err != nil || err2 != nil || string(b) != `{"prompt": "hello"}` || !strings.HasPrefix(at, dir) {
		t.Errorf("out of the bundle: %s %q, %v %v", at, b, err, err2)
	}
	if got, err := placed(without, filepath.Dir(at)); err != nil || got != at {
		t.Errorf("from a folder: %s, %v", got, err)
	}
}

// TestWhereDataSetsGo: names that a bundle says lead nowhere else.
func TestWhereDataSetsGo(t *testing.T) {
	c := contents(t)
	c.Data = true
	b, dir := opened(t, c), t.TempDir()
	for _, path := range []string{"/a/..", "/", "/a/.hidden", "/a/x y\n"} {
		b.Provenance.Data[0].Path = path
		e := v1alpha1.Experiment{Spec: v1alpha1.ExperimentSpec{Benchmarks: []v1alpha1.Benchmark{{Serving: &v1alpha1.Serving{File: path}}}}}
		_, err := b.Place(&e, dir, "")
		if got, want := e.Spec.Benchmarks[0].Serving.File, filepath.Join(dir, b.Provenance.Data[0].SHA256, "data"); err != nil || got != want {
			t.Errorf("%q is put at %q, want %q, %v", path, got, want, err)
		}
	}
}

type nopWriter struct{}

func (nopWriter) Write(p []byte) (int, error) { return len(p), nil }
