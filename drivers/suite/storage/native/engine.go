package native

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite/storage"
)

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
	if s.Direct {
		if err := tryDirect(root, int(s.TransferSize), storage.Describe(ctx, root)); err != nil {
			return drivers.SuiteResult{}, err
		}
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
	late, notes := r.client()
	why := append(faults(s, values), late...)
	res := drivers.SuiteResult{Metrics: storage.Metrics(values), Valid: len(why) == 0, Reasons: slices.Concat(why, r.notes(), notes), Files: []string{phasesFile}, Window: r.when.Window(), Clients: r.machines}
	withoutScore(res.Metrics, s)
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
