package native

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/selfwatch"
	"assay/drivers/suite/storage"
)

var errCorrupt = errors.New("what was read is not what was written")

// runner runs the tasks of one node through the phases.
type runner struct {
	root     string
	spec     v1alpha1.Storage
	limits   storage.Limits
	data     pattern
	node     int
	comm     comm
	progress func(string)
	tasks    []*task
	took     []timing
	when     *suite.Stopwatch
	watch    *selfwatch.Watch   // of this node, while it runs
	seen     []selfwatch.Report // of all nodes
	machines []drivers.Node     // the same
	cached   float64            // the largest share of a file that stayed in the page cache
	between  func(phase string) // for tests: called before each phase
}

// task is one rank. Done counts what it wrote in each write phase; after the wear-out it is the same for all.
type task struct {
	rank int
	done map[string]int
	buf  []byte
	file *os.File // held open from the stonewall to the end of a write phase

	found, matched int64 // by find: files seen, and files that match
	ended          time.Time
}

func (t *task) since(start time.Time) float64 { return t.ended.Sub(start).Seconds() }

// timing is the result of one phase: the rate, and the seconds of every task in the order of their ranks.
type timing struct {
	storage.Value
	Count int64     `json:"count"` // operations; of the ior phases, bytes
	Tasks []float64 `json:"tasks"`
}

func newRunner(root string, s v1alpha1.Storage, l storage.Limits, seed int64, node int, c comm) *runner {
	largest := max(int(s.TransferSize), storage.HardRecord)
	r := &runner{root: root, spec: s, limits: l, data: newPattern(seed, largest), node: node, comm: c, progress: func(string) {}, when: suite.NewStopwatch()}
	for i := range s.TasksPerNode {
		r.tasks = append(r.tasks, &task{rank: node*s.TasksPerNode + i, done: map[string]int{}, buf: aligned(largest)})
	}
	return r
}

func (r *runner) size() int { return r.spec.Nodes * r.spec.TasksPerNode }

// neighbour is the task whose data a task reads: the one at the same place on the next node.
func (r *runner) neighbour(rank int) int { return (rank + r.spec.TasksPerNode) % r.size() }

func (r *runner) path(parts ...any) string {
	words := []string{r.root}
	for _, p := range parts {
		words = append(words, fmt.Sprint(p))
	}
	return filepath.Join(words...)
}

// run goes through all phases.
func (r *runner) run(ctx context.Context) ([]storage.Value, error) {
	defer r.close()
	r.watch = selfwatch.Start(0)
	defer r.stopWatching()
	for i, p := range storage.Phases {
		if i == 2 && r.node == 0 {
			if err := os.WriteFile(r.path(stamp), nil, 0o600); err != nil {
				return nil, fmt.Errorf("timestamp: %w", err)
			}
			time.Sleep(10 * time.Millisecond) // longer than the granularity of file systems' clocks
		}
		if r.between != nil {
			r.between(p.Name)
		}
		if err := r.phase(ctx, p); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	var out []storage.Value
	for _, t := range r.took {
		out = append(out, t.Value)
	}
	return out, nil
}

// close closes the files that a failed phase left open: NFS keeps an open file under another name, so its directory could
// not be removed.
func (r *runner) close() {
	for _, t := range r.tasks {
		if t.file != nil {
			_ = t.file.Close() // its contents are not used any more
			t.file = nil
		}
	}
}

// phase runs one phase on all tasks of this node, in step with the other nodes.
func (r *runner) phase(ctx context.Context, p storage.Phase) error {
	r.progress(p.Name)
	steps := r.steps(p.Name)
	if steps.prepare != nil {
		if err := steps.prepare(); err != nil {
			return r.comm.abort(err)
		}
	}
	if _, err := r.comm.allgather(ctx, report{Phase: p.Name, Step: "begin"}); err != nil {
		return err
	}
	start, end := time.Now(), r.when.Start(p.Name)
	deadline := time.Time{}
	if p.Write {
		deadline = start.Add(r.spec.Stonewall.Std())
	}
	if err := r.each(ctx, func(ctx context.Context, t *task) error { return steps.do(ctx, t, deadline, steps.limit) }); err != nil {
		return r.comm.abort(err)
	}
	if p.Write {
		if err := r.wearOut(ctx, p.Name, steps); err != nil {
			return err
		}
	}
	own := report{Phase: p.Name, Step: "end"}
	if isLast(p) {
		machine := suite.ThisNode()
		own.Client, own.Machine = r.stopWatching(), &machine
	}
	for _, t := range r.tasks {
		n := steps.count(t)
		own.Counts, own.Seconds = append(own.Counts, n), append(own.Seconds, t.since(start))
		own.Matched += t.matched
	}
	all, err := r.comm.allgather(ctx, own)
	if err != nil {
		return err
	}
	end()
	r.took = append(r.took, summary(p, all))
	for _, of := range all {
		if of.Client != nil {
			r.seen = append(r.seen, *of.Client)
		}
		if of.Machine != nil {
			r.machines = append(r.machines, *of.Machine)
		}
	}
	if p.Name == "find" {
		return r.foundAll(all)
	}
	return nil
}

// wearOut makes every task of the run do as much as the one that has done most.
func (r *runner) wearOut(ctx context.Context, phase string, s steps) error {
	own := report{Phase: phase, Step: "stonewall"}
	for _, t := range r.tasks {
		own.Counts = append(own.Counts, int64(t.done[phase]))
	}
	all, err := r.comm.allgather(ctx, own)
	if err != nil {
		return err
	}
	most := 0
	for _, of := range all {
		for _, n := range of.Counts {
			most = max(most, int(n))
		}
	}
	err = r.each(ctx, func(ctx context.Context, t *task) error {
		if err := s.do(ctx, t, time.Time{}, most); err != nil || s.finish == nil {
			return err
		}
		return s.finish(t)
	})
	if err != nil {
		return r.comm.abort(err)
	}
	return nil
}

// summary adds up the reports of all nodes: all that was done, over the time of the slowest task.
func summary(p storage.Phase, all []report) timing {
	t := timing{Value: storage.Value{Name: p.Name, Unit: p.Unit()}}
	for _, r := range all {
		for i, n := range r.Counts {
			t.Count += n
			t.Tasks = append(t.Tasks, r.Seconds[i])
			t.Seconds = max(t.Seconds, r.Seconds[i])
		}
	}
	unit := 1000.0
	if p.Bandwidth() {
		unit = 1 << 30
	}
	if t.Seconds > 0 {
		t.Value.Value = float64(t.Count) / unit / t.Seconds
	}
	return t
}

// each runs f for every task of this node at the same time. The first error stops the others.
func (r *runner) each(ctx context.Context, f func(context.Context, *task) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, t := range r.tasks {
		wg.Go(func() {
			runtime.LockOSThread() // a blocking system call of one task does not delay another
			defer runtime.UnlockOSThread()
			if err := f(ctx, t); err != nil {
				cancel(err)
			}
			t.ended = time.Now()
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
