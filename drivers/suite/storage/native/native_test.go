package native

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/coordinator/coordinatortest"
	"assay/drivers/suite/storage"
)

func TestMain(m *testing.M) {
	coordinatortest.Main(func(ctx context.Context, dir string) error {
		if os.Getenv("WORKER_DIES") != "" {
			time.AfterFunc(300*time.Millisecond, func() { os.Exit(9) }) // without a word
		}
		return Worker(ctx, dir)
	})
	os.Exit(m.Run())
}

func request(t *testing.T, nodes int) (drivers.SuiteRequest, string) {
	return drivers.SuiteRequest{Run: "io-1-0123abcd", Experiment: "e", Benchmark: "io", Target: "d", Directory: t.TempDir(), Seed: 1,
		Storage: &v1alpha1.Storage{Engine: "native", Nodes: nodes, TasksPerNode: 2, Stonewall: v1alpha1.Duration(time.Minute),
			TransferSize: 64 << 10, BlockSize: 1 << 20, Segments: 20, Files: 120}}, t.TempDir()
}

// treeOf is the run's own directory.
func treeOf(req drivers.SuiteRequest) string {
	return filepath.Join(req.Directory, ".assay-"+req.Experiment+"-"+req.Run)
}

func measure(t *testing.T, req drivers.SuiteRequest, dir string) (drivers.SuiteResult, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return storage.Suite{Native: Engine{Srun: self}}.Run(ctx, req, dir, func(string) {})
}

func empty(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestEngine(t *testing.T) {
	for _, nodes := range []int{1, 3} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			req, dir := request(t, nodes)
			res, err := measure(t, req, dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range storage.Phases {
				if res.Metrics[p.Metric()] <= 0 {
					t.Errorf("%s is %g", p.Metric(), res.Metrics[p.Metric()])
				}
			}
			if notLong(res) || res.Metrics["score_total"] <= 0 || res.Versions["engine"] != "native" {
				t.Errorf("%+v", res)
			}
			if len(res.Clients) != nodes || res.Clients[0].CPUs == 0 {
				t.Errorf("it ran on %+v", res.Clients)
			}
			empty(t, req.Directory)
			var took []timing
			b, err := os.ReadFile(filepath.Join(dir, phasesFile))
			if err != nil || json.Unmarshal(b, &took) != nil || len(took) != 12 {
				t.Fatalf("%v %s", err, b)
			}
			tasks := int64(nodes * 2)
			want := map[string]int64{"ior-easy-write": tasks << 20, "ior-hard-read": tasks * 20 * storage.HardRecord, "mdtest-hard-delete": tasks * 120,
				"find": tasks + 1 + 2*tasks*120}
			for _, p := range took {
				if w, ok := want[p.Name]; ok && p.Count != w {
					t.Errorf("%s counts %d, want %d", p.Name, p.Count, w)
				}
				if int64(len(p.Tasks)) != tasks {
					t.Errorf("%s has the seconds of %d tasks", p.Name, len(p.Tasks))
				}
			}
		})
	}
}

// notLong reports whether something else is wrong with a result than that its phases are as short as a test's, and perhaps on a
// file system in memory.
func notLong(res drivers.SuiteResult) bool {
	for _, r := range res.Reasons {
		switch r.Reason {
		case suite.ReasonTooShort, suite.ReasonInMemory, suite.ReasonNativeEngine, suite.ReasonShortStonewall, suite.ReasonOneNode, suite.ReasonPageCache:
		default:
			if !strings.HasPrefix(r.Reason, "Client") { // this machine can be busy
				return true
			}
		}
	}
	return false
}

// local is a runner on one node over a tree of its own.
func local(t *testing.T) *runner {
	req, dir := request(t, 1)
	l, err := storage.Preflight(t.Context(), req.Directory, *req.Storage)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := storage.MakeTree(req, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := makeFolders(tree.Root, *req.Storage); err != nil {
		t.Fatal(err)
	}
	return newRunner(tree.Root, *req.Storage, l, 1, 0, single{})
}

// TestCorruption: one changed byte, one file too few, of every kind of data.
func TestCorruption(t *testing.T) {
	flip := func(path string, at int64) func(*testing.T, *runner) {
		return func(t *testing.T, w *runner) { spoil(t, w.path(path), at) }
	}
	for before, change := range map[string]func(*testing.T, *runner){
		"ior-easy-read":    flip(easyIO+"/1", 1<<20-1),
		"ior-hard-read":    flip(hardIOFile, 3*storage.HardRecord+17),
		"mdtest-hard-read": flip(hardMD+"/file.0.7", 3900),
		"find": func(t *testing.T, w *runner) {
			if err := os.Remove(w.hardName(0, 101)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(before, func(t *testing.T) {
			w := local(t)
			w.between = func(phase string) {
				if phase == before {
					change(t, w)
				}
			}
			if _, err := w.run(t.Context()); !errors.Is(err, errCorrupt) || !strings.HasPrefix(err.Error(), before) {
				t.Errorf("not noticed: %v", err)
			}
		})
	}
}

// TestWearOut: in every write phase, after the stonewall every task does as much as the one that had done most, here
// one of another node, and the time counts until the last one has.
func TestWearOut(t *testing.T) {
	for _, p := range storage.Phases {
		if !p.Write {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			w := local(t)
			w.spec.Stonewall, w.comm = 1, &ahead{of: p.Name, done: 7} // a nanosecond: our own tasks have done nothing by then
			if err := w.phase(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			for _, task := range w.tasks {
				if n := task.done[p.Name]; n != 7 {
					t.Errorf("task %d has done %d", task.rank, n)
				}
			}
			if took := w.took[0]; took.Count == 0 || took.Seconds <= 0 {
				t.Errorf("%+v", took)
			}
		})
	}
}

// ahead is a communicator with one more node, one task of which had done more than any other by the stonewall.
type ahead struct {
	single
	of   string
	done int64
}

func (a *ahead) allgather(_ context.Context, own report) ([]report, error) {
	if own.Step != "stonewall" {
		return []report{own}, nil
	}
	return []report{own, {Node: 1, Phase: a.of, Step: own.Step, Counts: []int64{3, a.done}}}, nil
}

// TestNothingDone: a stonewall so short that a phase did nothing gives no score, and no valid result.
func TestNothingDone(t *testing.T) {
	req, dir := request(t, 1)
	req.Storage.Stonewall = 1
	res, err := measure(t, req, dir)
	if err != nil || res.Valid || res.Reasons[0].Reason != suite.ReasonIncomplete {
		t.Errorf("%v %+v", err, res)
	}
	empty(t, req.Directory)
}
