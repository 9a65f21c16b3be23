package native

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/selfwatch"
	"assay/drivers/suite/storage"
)

// inMemory is a folder on tmpfs.
func inMemory(t *testing.T) string {
	t.Helper()
	var st unix.Statfs_t
	if unix.Statfs("/dev/shm", &st) != nil || st.Type != unix.TMPFS_MAGIC {
		t.Skip("/dev/shm is not tmpfs")
	}
	dir, err := os.MkdirTemp("/dev/shm", "assay-test")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func reason(res drivers.SuiteResult, word string) (drivers.Reason, bool) {
	i := slices.IndexFunc(res.Reasons, func(r drivers.Reason) bool { return r.Reason == word })
	if i < 0 {
		return drivers.Reason{}, false
	}
	return res.Reasons[i], true
}

// TestMemoryIsNoDisk: on tmpfs nothing reaches a disk; such a result is not valid, says why, and what was measured.
func TestMemoryIsNoDisk(t *testing.T) {
	req, dir := request(t, 1)
	req.Directory = inMemory(t)
	res, err := measure(t, req, dir)
	if err != nil {
		t.Fatal(err)
	}
	why, named := reason(res, "InMemory")
	if res.Valid || !named || !strings.Contains(why.Message, "tmpfs") {
		t.Errorf("valid %v: %v", res.Valid, res.Reasons)
	}
}

// TestShortPhases: phases that ended before the stonewall, and phases of less than 10 ms, are no measurement.
func TestShortPhases(t *testing.T) {
	req, dir := request(t, 1)
	req.Storage.BlockSize, req.Storage.Segments, req.Storage.Files = 64<<10, 1, 2
	res, err := measure(t, req, dir)
	if err != nil {
		t.Fatal(err)
	}
	early, brief := false, false
	for _, r := range res.Reasons {
		early = early || r.Reason == suite.ReasonTooShort && strings.Contains(r.Message, "before the stonewall of 1m") && strings.Contains(r.Message, "raise blockSize")
		brief = brief || r.Reason == suite.ReasonTooShort && strings.Contains(r.Message, "mdtest-easy-stat took ")
	}
	if res.Valid || !early || !brief {
		t.Errorf("valid %v: %v", res.Valid, res.Reasons)
	}
}

// TestFaults: each rule by itself.
func TestFaults(t *testing.T) {
	s := v1alpha1.Storage{Stonewall: v1alpha1.Duration(30 * time.Second)}
	for name, test := range map[string]struct {
		change func(*storage.Value)
		want   string
	}{
		"none": {func(*storage.Value) {}, ""},
		"write": {func(v *storage.Value) {
			v.Seconds = map[bool]float64{true: 29.99, false: v.Seconds}[v.Name == "mdtest-hard-write"]
		}, "TooShort mdtest-hard-write after 30s"},
		"read":         {func(v *storage.Value) { v.Seconds = map[bool]float64{true: 0.0001, false: v.Seconds}[v.Name == "find"] }, "TooShort find took 100µs"},
		"nothing done": {func(v *storage.Value) { v.Value = map[bool]float64{true: 0, false: v.Value}[v.Name == "find"] }, "Incomplete find"},
	} {
		var values []storage.Value
		for _, p := range storage.Phases {
			v := storage.Value{Name: p.Name, Value: 1, Seconds: 0.2}
			if p.Write {
				v.Seconds = 30
			}
			test.change(&v)
			values = append(values, v)
		}
		got := faults(s, values)
		word, phase, _ := strings.Cut(test.want, " ")
		if len(got) > 1 || (len(got) == 1) != (word != "") || word != "" && (got[0].Reason != word || !strings.Contains(got[0].Message, phase)) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestValid: a run that went on until its stonewall is valid and says what it measured; it has no score when the stonewall is
// shorter than the rules for one allow.
func TestValid(t *testing.T) {
	defer func(d time.Duration) { shortestPhase = d }(shortestPhase)
	shortestPhase = time.Millisecond
	req, dir := request(t, 1)
	req.Storage.BlockSize, req.Storage.Segments, req.Storage.Files, req.Storage.Stonewall = 0, 0, 0, v1alpha1.Duration(200*time.Millisecond)
	res, err := measure(t, req, dir)
	if err != nil {
		t.Fatal(err)
	}
	_, crowded := reason(res, suite.ReasonClientCrowded) // this machine can be busy
	if _, memory := reason(res, suite.ReasonInMemory); res.Valid == (memory || crowded) {
		t.Errorf("valid %v: %v", res.Valid, res.Reasons)
	}
	if _, there := res.Metrics["score_total"]; there || res.Metrics["ior_easy_write_gibs"] <= 0 {
		t.Errorf("a score of a fifth of a second: %v", res.Metrics)
	}
	if f := res.FileSystem; f == nil || f.Type == "" || !strings.HasPrefix(req.Directory, f.Mount) || f.Source == "" || f.FreeBytes <= 0 {
		t.Errorf("%+v", res.FileSystem)
	}
	empty(t, req.Directory)
}

// TestCrowded: tasks that wait for a CPU measure that; a node's own use of its CPUs is the work itself.
func TestCrowded(t *testing.T) {
	w := local(t)
	for name, seen := range map[string]selfwatch.Report{
		"":                   {Wall: time.Minute, Own: 2 * time.Minute, Waited: 10 * time.Second, CPUs: 2, Allowed: 2, Lanes: 2, Turns: 1},
		"whole nodes":        {Wall: time.Minute, Own: time.Minute, Waited: 13 * time.Second, CPUs: 2, Allowed: 2, Lanes: 2, Turns: 1, Foreign: time.Minute},
		"lower tasksPerNode": {Wall: time.Minute, Own: time.Minute, Waited: time.Minute, CPUs: 1, Allowed: 1, Lanes: 1, Turns: 1},
	} {
		w.seen = []selfwatch.Report{{Wall: time.Minute}, seen}
		faults, _ := w.client()
		if len(faults) > 1 || (len(faults) == 1) != (name != "") || name != "" && (faults[0].Reason != suite.ReasonClientCrowded || !strings.Contains(faults[0].Message, "on node 1") || !strings.Contains(faults[0].Message, name)) {
			t.Errorf("%q: %v", name, faults)
		}
	}
}

// TestDirect: with direct I/O nothing of ior-easy is in the page cache, and what is read is what was written. It is refused, by
// the file system's name, where there is none.
func TestDirect(t *testing.T) {
	w := local(t)
	w.spec.Direct = true
	if err := tryDirect(w.root, int(w.spec.TransferSize), storage.Describe(t.Context(), w.root)); err != nil {
		t.Skip(err)
	}
	seen := false
	w.between = func(phase string) {
		if phase != "mdtest-easy-write" {
			return
		}
		f, err := os.Open(w.path(easyIO, 1))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		share, known := resident(f)
		if seen = known; share > 0 {
			t.Errorf("%.0f%% is in the page cache", 100*share)
		}
	}
	if _, err := w.run(t.Context()); err != nil || !seen {
		t.Errorf("looked: %v, %v", seen, err)
	}

	req, dir := request(t, 1)
	req.Storage.Direct, req.Directory = true, inMemory(t)
	if _, err := measure(t, req, dir); err == nil || !strings.Contains(err.Error(), "tmpfs, which cannot do direct I/O") || !strings.Contains(err.Error(), "remove direct") {
		t.Errorf("%v", err)
	}
	empty(t, req.Directory)
}

// TestPageCache: what stays in the page cache is noted; what can be dropped is dropped.
func TestPageCache(t *testing.T) {
	req, dir := request(t, 1)
	req.Directory = inMemory(t)
	res, err := measure(t, req, dir)
	if err != nil {
		t.Fatal(err)
	}
	if note, named := reason(res, suite.ReasonPageCache); !named || !strings.HasPrefix(note.Message, "100%") {
		t.Errorf("%v", res.Reasons)
	}
	f, err := os.Create(t.TempDir() + "/f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, 3<<20)); err != nil || f.Sync() != nil {
		t.Fatal(err)
	}
	if share, known := resident(f); !known || share < 0.9 {
		t.Errorf("just written: %v %v", share, known)
	}
}
