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
	"assay/drivers/suite/storage"
)

var errCorrupt = errors.New("what was read is not what was written")

// worker runs the tasks of one node.
type worker struct {
	root     string
	spec     v1alpha1.Storage
	limits   storage.Limits
	data     pattern
	node     int
	team     team
	progress func(string)
	tasks    []*task
	took     []timing
	between  func(phase string) // for tests: called before each phase
}

// task is one rank. Done counts what it wrote in each write phase; after the wear-out it is the same for all.
type task struct {
	rank int
	done map[string]int
	buf  []byte
	file *os.File // held open from the stonewall to the end of a write phase

	found, matched int64 // by find: looked at, and those that it is about
	ended          time.Time
}

func (t *task) since(start time.Time) float64 { return t.ended.Sub(start).Seconds() }

// timing is one phase as it went: the rate, and the seconds of every task in the order of their ranks.
type timing struct {
	storage.Value
	Count int64     `json:"count"` // operations; of the ior phases, bytes
	Tasks []float64 `json:"tasks"`
}

func newWorker(root string, s v1alpha1.Storage, l storage.Limits, seed int64, node int, t team) *worker {
	largest := max(int(s.TransferSize), storage.HardRecord)
	w := &worker{root: root, spec: s, limits: l, data: newPattern(seed, largest), node: node, team: t, progress: func(string) {}}
	for i := range s.TasksPerNode {
		w.tasks = append(w.tasks, &task{rank: node*s.TasksPerNode + i, done: map[string]int{}, buf: make([]byte, largest)})
	}
	return w
}

func (w *worker) size() int { return w.spec.Nodes * w.spec.TasksPerNode }

// neighbour is the task whose data a task reads: the same one of the next node.
func (w *worker) neighbour(rank int) int { return (rank + w.spec.TasksPerNode) % w.size() }

func (w *worker) path(parts ...any) string {
	words := []string{w.root}
	for _, p := range parts {
		words = append(words, fmt.Sprint(p))
	}
	return filepath.Join(words...)
}

// run goes through all phases.
func (w *worker) run(ctx context.Context) ([]storage.Value, error) {
	defer w.close()
	for i, p := range storage.Phases {
		if i == 2 && w.node == 0 {
			if err := os.WriteFile(w.path(stamp), nil, 0o600); err != nil {
				return nil, fmt.Errorf("timestamp: %w", err)
			}
			time.Sleep(10 * time.Millisecond) // coarser clocks of file systems have moved on then
		}
		if w.between != nil {
			w.between(p.Name)
		}
		if err := w.phase(ctx, p); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	var out []storage.Value
	for _, t := range w.took {
		out = append(out, t.Value)
	}
	return out, nil
}

// close closes what a phase that failed left open: NFS keeps such a file under another name, in the way of its directory.
func (w *worker) close() {
	for _, t := range w.tasks {
		if t.file != nil {
			_ = t.file.Close() // nobody trusts what is in it
			t.file = nil
		}
	}
}

// phase runs one phase on all tasks of this node, together with the other nodes.
func (w *worker) phase(ctx context.Context, p storage.Phase) error {
	w.progress(p.Name)
	steps := w.steps(p.Name)
	if steps.prepare != nil {
		if err := steps.prepare(); err != nil {
			return w.team.fail(err)
		}
	}
	if _, err := w.team.exchange(ctx, report{Phase: p.Name, Step: "begin"}); err != nil {
		return err
	}
	start := time.Now()
	deadline := time.Time{}
	if p.Write {
		deadline = start.Add(w.spec.Stonewall.Std())
	}
	if err := w.each(ctx, func(ctx context.Context, t *task) error { return steps.do(ctx, t, deadline, steps.limit) }); err != nil {
		return w.team.fail(err)
	}
	if p.Write {
		if err := w.wearOut(ctx, p.Name, steps); err != nil {
			return err
		}
	}
	mine := report{Phase: p.Name, Step: "end"}
	for _, t := range w.tasks {
		n := steps.count(t)
		mine.Counts, mine.Seconds = append(mine.Counts, n), append(mine.Seconds, t.since(start))
		mine.Matched += t.matched
	}
	all, err := w.team.exchange(ctx, mine)
	if err != nil {
		return err
	}
	w.took = append(w.took, summary(p, all))
	if p.Name == "find" {
		return w.foundAll(all)
	}
	return nil
}

// wearOut makes every task do as much as the one that has done most.
func (w *worker) wearOut(ctx context.Context, phase string, s steps) error {
	mine := report{Phase: phase, Step: "stonewall"}
	for _, t := range w.tasks {
		mine.Counts = append(mine.Counts, int64(t.done[phase]))
	}
	all, err := w.team.exchange(ctx, mine)
	if err != nil {
		return err
	}
	most := 0
	for _, r := range all {
		for _, n := range r.Counts {
			most = max(most, int(n))
		}
	}
	err = w.each(ctx, func(ctx context.Context, t *task) error {
		if err := s.do(ctx, t, time.Time{}, most); err != nil || s.finish == nil {
			return err
		}
		return s.finish(t)
	})
	if err != nil {
		return w.team.fail(err)
	}
	return nil
}

// summary adds up what all nodes say of a phase: everything, over the time of the slowest task.
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
func (w *worker) each(ctx context.Context, f func(context.Context, *task) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, t := range w.tasks {
		wg.Go(func() {
			runtime.LockOSThread() // a blocking system call of one task delays no other
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
