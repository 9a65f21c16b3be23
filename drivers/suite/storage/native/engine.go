package native

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite/storage"
)

// shortest is the stonewall below which IO500 takes no result.
const shortest = 300 * time.Second

// Engine implements drivers.Suite. Srun starts the workers of the other nodes; default: the command of that name.
type Engine struct{ Srun string }

// Run measures req.Directory from req.Storage.Nodes nodes, of which this process is the first.
func (e Engine) Run(ctx context.Context, req drivers.SuiteRequest, dir string, progress func(string)) (drivers.SuiteResult, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limits, err := storage.Preflight(ctx, req.Directory, *req.Storage)
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	tree, err := storage.MakeTree(req, dir)
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	res, err := e.measure(ctx, cancel, req, dir, tree.Root, limits, progress)
	_, gone := tree.Remove()
	return res, errors.Join(err, gone)
}

// measure runs the phases in the run's tree.
func (e Engine) measure(ctx context.Context, cancel context.CancelCauseFunc, req drivers.SuiteRequest, dir, root string, limits storage.Limits, progress func(string)) (drivers.SuiteResult, error) {
	s := *req.Storage
	if err := makeFolders(root, s); err != nil {
		return drivers.SuiteResult{}, err
	}
	t, stop, err := e.team(ctx, cancel, dir, briefing{Root: root, Spec: s, Limits: limits, Seed: req.Seed})
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	w := newWorker(root, s, limits, req.Seed, 0, t)
	w.progress = progress
	values, err := w.run(ctx)
	if err != nil {
		cancel(err) // the other nodes may be in the middle of a phase
	}
	if ended := stop(); err == nil { // else how they end tells nothing more
		err = ended
	}
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	res := drivers.SuiteResult{Metrics: storage.Metrics(values), Valid: true, Reasons: w.notes(values), Files: []string{phasesFile}}
	if idle := nothing(values); idle != "" {
		res.Valid = false
		res.Reasons = append([]drivers.Reason{{Reason: "Incomplete", Message: "nothing was done in " + idle + ": raise the stonewall"}}, res.Reasons...)
	}
	res.Metrics["nodes"], res.Metrics["tasks"] = float64(s.Nodes), float64(s.Nodes*s.TasksPerNode)
	return res, writePhases(dir, w.took)
}

// phasesFile lists the phases with the seconds of every task: stragglers show there.
const phasesFile = "phases.json"

func writePhases(dir string, took []timing) error {
	b, err := json.MarshalIndent(took, "", "  ")
	if err == nil {
		err = durable.Writer{}.Replace(filepath.Join(dir, phasesFile), append(b, '\n'), nil)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", phasesFile, err)
	}
	return nil
}

// nothing names the phases in which nothing was done: there is no score then.
func nothing(values []storage.Value) string {
	var idle []string
	for _, v := range values {
		if v.Value <= 0 {
			idle = append(idle, v.Name)
		}
	}
	return strings.Join(idle, ", ")
}

// notes say what a reader of the numbers has to know.
func (w *worker) notes(values []storage.Value) (out []drivers.Reason) {
	note := func(reason, format string, args ...any) {
		out = append(out, drivers.Reason{Reason: reason, Message: fmt.Sprintf(format, args...)})
	}
	note("NativeEngine", "taken by assay's own engine: compare it with itself, never with scores of io500")
	if w.spec.Stonewall.Std() < shortest {
		note("ShortStonewall", "the stonewall is %s; IO500 takes no result with less than %s", w.spec.Stonewall, shortest)
	}
	for _, v := range values {
		for _, p := range storage.Phases {
			if p.Name == v.Name && p.Write && v.Seconds < w.spec.Stonewall.Std().Seconds() {
				note("Bounded", "%s ended after %.1f s, before the stonewall: its size was reached", v.Name, v.Seconds)
			}
		}
	}
	if w.spec.Nodes == 1 {
		note("OneNode", "one node reads what it wrote itself: its cache was dropped before the ior phases were read, that of small files and those of the servers were not")
	}
	return out
}
