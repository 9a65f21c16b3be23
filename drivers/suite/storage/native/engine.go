package native

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite"
	"assay/drivers/suite/storage"
)

// shortest is the stonewall below which the list of io500.org accepts no result.
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
	c, stop, err := e.comm(ctx, cancel, dir, briefing{Root: root, Spec: s, Limits: limits, Seed: req.Seed})
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	r := newRunner(root, s, limits, req.Seed, 0, c)
	r.progress = progress
	values, err := r.run(ctx)
	if err != nil {
		cancel(err) // the other nodes can be in the middle of a phase
	}
	if ended := stop(); err == nil { // after a failure, how the workers end adds nothing
		err = ended
	}
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	res := drivers.SuiteResult{Metrics: storage.Metrics(values), Valid: true, Reasons: r.notes(values), Files: []string{phasesFile}, Window: r.watch.Window()}
	if idle := idlePhases(values); idle != "" {
		res.Valid = false
		res.Reasons = slices.Insert(res.Reasons, 0, suite.NewReason(suite.ReasonIncomplete, "nothing was done in %s: raise the stonewall", idle))
	}
	res.Metrics["nodes"], res.Metrics["tasks"] = float64(s.Nodes), float64(s.Nodes*s.TasksPerNode)
	return res, writePhases(dir, r.took)
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

// idlePhases names the phases in which nothing was done; without them there is no score.
func idlePhases(values []storage.Value) string {
	var idle []string
	for _, v := range values {
		if v.Value <= 0 {
			idle = append(idle, v.Name)
		}
	}
	return strings.Join(idle, ", ")
}

// notes are what a reader of the numbers has to know.
func (r *runner) notes(values []storage.Value) (out []drivers.Reason) {
	note := func(reason, format string, args ...any) {
		out = append(out, suite.NewReason(reason, format, args...))
	}
	note(suite.ReasonNativeEngine, "measured by assay's own engine: compare it with results of the same engine, never with scores of io500")
	if r.spec.Stonewall.Std() < shortest {
		note(suite.ReasonShortStonewall, "the stonewall is %s; the list of io500.org accepts no result with less than %s", r.spec.Stonewall, shortest)
	}
	for _, v := range values {
		for _, p := range storage.Phases {
			if p.Name == v.Name && p.Write && v.Seconds < r.spec.Stonewall.Std().Seconds() {
				note(suite.ReasonBounded, "%s ended after %.1f s, before the stonewall, because its size was reached; raise the size to measure longer", v.Name, v.Seconds)
			}
		}
	}
	if r.spec.Nodes == 1 {
		note(suite.ReasonOneNode, "one node reads its own data: its page cache was dropped before the ior reads, but not for small files, and the servers' caches were not; use two nodes or more")
	}
	return out
}
