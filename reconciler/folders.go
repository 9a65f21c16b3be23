package reconciler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/each"
	"assay/reconciler/plan"
)

// removeTimeout bounds one attempt to remove a directory, and one to store metrics; a large directory is gone after several.
const removeTimeout = 5 * time.Minute

// owner is the mark of a directory that is made for a service.
func (l *Loop) owner(experiment, service string) string {
	return fmt.Sprintf("%s %s/%s", l.Store.ID(), experiment, service)
}

// observeFolders reads the directories that are declared.
func (l *Loop) observeFolders(ctx context.Context, d plan.Desired) map[string]plan.Folder {
	now := l.steady()
	out, seen := map[string]plan.Folder{}, map[string]aged[plan.Folder]{}
	for _, e := range d.Experiments {
		for _, s := range e.Services {
			if s.Lustre == nil || l.Folders == nil {
				continue
			}
			name := e.Name + "/" + s.Name
			last, ok := l.folders[name+" "+s.Proc]
			if !ok || !last.fresh(now) || !last.value.Exists {
				last = aged[plan.Folder]{now, l.statFolder(ctx, e.Name, s)}
			}
			out[name], seen[name+" "+s.Proc] = last.value, last
		}
	}
	l.folders = seen
	return out
}

func (l *Loop) statFolder(ctx context.Context, experiment string, s plan.Service) plan.Folder {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	f, err := l.Folders.Stat(ctx, *s.Lustre, l.owner(experiment, s.Name))
	if err != nil {
		return plan.Folder{Err: err.Error()}
	}
	return plan.Folder{Exists: f.Exists, Ours: f.Ours, Striped: f.Striped, Message: f.Message, FreeBytes: f.FreeBytes, FreeInodes: f.FreeInodes}
}

// absent are the paths that processes need and that do not exist. One that cannot be checked does not count: the node can
// see more than this machine.
func (l *Loop) absent(d plan.Desired) map[string]bool {
	needed := map[string]bool{}
	for _, e := range d.Experiments {
		for _, s := range e.Services {
			for _, p := range s.Processes {
				for _, path := range p.Needs {
					needed[path] = true
				}
			}
		}
	}
	paths := slices.Sorted(maps.Keys(needed))
	absent := make([]bool, len(paths))
	each.Do(l.workers, len(paths), func(i int) {
		_, err := durable.Stat(paths[i])
		absent[i] = errors.Is(err, fs.ErrNotExist)
	})
	out := map[string]bool{}
	for i, path := range paths {
		if absent[i] {
			out[path] = true
		}
	}
	return out
}

// makeFolder records a directory, then creates it: only recorded directories are ever removed.
func (x *executor) makeFolder(ctx context.Context, r plan.FolderRecord) error {
	if x.Folders == nil {
		return errors.New("changing a directory: this site has no driver for directories")
	}
	if err := x.Lease.PutFolder(r); err != nil {
		return err
	}
	x.out.folders = true
	return x.Folders.Make(ctx, r.Spec, x.owner(r.Experiment, r.Service))
}

func (x *executor) dropFolder(ctx context.Context, r plan.FolderRecord) error {
	if x.Folders == nil {
		return errors.New("changing a directory: this site has no driver for directories")
	}
	if err := x.Folders.Remove(ctx, r.Spec, x.owner(r.Experiment, r.Service)); err != nil {
		return err
	}
	return x.Lease.DropFolder(r)
}

// exportPath is where the metrics of one generation of an experiment are stored.
func (l *Loop) exportPath(experiment string, generation int64) string {
	return filepath.Join(l.Store.Dir(), "metrics", fmt.Sprintf("%s-%06d.om.gz", experiment, generation))
}

// exported finds the generations whose metrics are stored. Without an embedded Prometheus there is nothing to store.
func (l *Loop) exported(d plan.Desired) (map[string]bool, error) {
	out := map[string]bool{}
	_, can := l.Metrics.(drivers.Exporter)
	var ask []plan.Experiment
	for _, e := range d.Experiments {
		name := fmt.Sprintf("%s@%d", e.Name, e.Generation)
		switch {
		case !e.Deleting && !e.Suspend && !e.StopDone:
		case !can || l.unexported[e.Name]:
			out[name] = true
		default:
			ask = append(ask, e)
		}
	}
	errs := make([]error, len(ask))
	each.Do(l.workers, len(ask), func(i int) { _, errs[i] = durable.Stat(l.exportPath(ask[i].Name, ask[i].Generation)) })
	for i, e := range ask {
		if err := errs[i]; err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		out[fmt.Sprintf("%s@%d", e.Name, e.Generation)] = errs[i] == nil
	}
	return out, nil
}

func (x *executor) export(ctx context.Context, a plan.Action) (plan.Action, error) {
	e, ok := x.Metrics.(drivers.Exporter)
	if !ok {
		return a, errors.New("storing metrics: this Prometheus keeps its own samples")
	}
	path := x.exportPath(a.Experiment, a.Generation)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return a, err
	}
	a.Message = "its metrics are stored in " + path + "; read them with promtool tsdb create-blocks-from openmetrics"
	if err := e.Export(ctx, a.Experiment, path); err != nil {
		x.out.unstored = a.Experiment // the event says so; a deletion does not wait for a full disk
		return a, fmt.Errorf("storing the metrics of %s in %s: %w", a.Experiment, path, err)
	}
	return a, nil
}
