package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// ErrNone means that nothing has that name.
var ErrNone = errors.New("nothing has that name")

// Find returns the paths of the logs of a run, a node (node/NAME), a job, or a service, also of ended jobs: none when the
// object is there and has not logged yet, and ErrNone when nothing has that name. Previous are those of the jobs of a service
// before its last ones.
func Find(st *store.Store, name string, previous bool) ([]string, error) {
	statuses, err := st.Statuses()
	if err != nil {
		return nil, err
	}
	attempts, err := st.Attempts()
	if err != nil {
		return nil, err
	}
	f := finder{st, statuses, attempts}
	if node, ok := strings.CutPrefix(name, "node/"); ok {
		return f.node(node)
	}
	if files, ok := f.run(name); ok {
		return files, nil
	}
	for _, at := range slices.Backward(attempts) { // ids are reused: the newest job counts
		if at.JobID != "" && string(at.JobID) == name {
			return paths(jobLogs(st, at)), nil
		}
	}
	return f.service(name, previous)
}

// finder is what decides whose logs are where.
type finder struct {
	st       *store.Store
	statuses []v1alpha1.ExperimentStatus
	attempts []plan.Attempt // oldest first
}

func (f finder) run(name string) ([]string, bool) {
	runs, _ := f.st.FindRuns(name) // one that cannot be read has no log that can be found
	if len(runs) == 0 {
		return nil, false
	}
	path := filepath.Join(runs[0].Dir, "suite.log")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, true
	}
	return []string{path}, true
}

// node are all logs of the live jobs on a node, and of the newest ended one when none is live.
func (f finder) node(name string) ([]string, error) {
	var files, ended []string
	found := false
	for _, at := range f.attempts {
		state, err := f.st.State(at.Seat, at.Nonce)
		if err != nil || state == nil || !onNode(*state, name) {
			continue // a state that cannot be read names no node
		}
		found = true
		if at.End == nil {
			files = append(files, paths(jobLogs(f.st, at))...)
		} else {
			ended = paths(jobLogs(f.st, at))
		}
	}
	if !found {
		return nil, fmt.Errorf("no logs of node %s: %w among the nodes of our jobs; what there is: assay get jobs", name, ErrNone)
	}
	if len(files) == 0 {
		return ended, nil
	}
	return files, nil
}

func onNode(s drivers.AgentState, node string) bool {
	return s.Node == node || slices.ContainsFunc(s.Nodes, func(n drivers.NodeState) bool { return n.Name == node })
}

// service are the newest log of each server of a service, at each of its places, or the one before that. Services of one group share a job, so the names of
// the files say whose they are. A job that never started a server has only its own output.
func (f finder) service(name string, previous bool) ([]string, error) {
	type place struct {
		seat    drivers.Seat
		process string
	}
	newest, before := map[place]string{}, map[place]string{}
	for _, at := range f.attempts {
		short := strings.TrimPrefix(name, at.Experiment+"/")
		if at.Run != "" {
			continue
		}
		logs := jobLogs(f.st, at)
		mine := slices.DeleteFunc(slices.Clone(logs), func(l file) bool {
			return l.process != short && !strings.HasPrefix(l.process, short+".")
		})
		if len(mine) == 0 && at.Seat.Group == short {
			mine = slices.DeleteFunc(logs, func(l file) bool { return l.process != jobOutput })
		}
		for _, l := range mine {
			at := place{at.Seat.Place(), l.process}
			before[at], newest[at] = newest[at], l.path
		}
		if slices.ContainsFunc(mine, func(l file) bool { return l.process != jobOutput }) {
			delete(newest, place{at.Seat.Place(), jobOutput}) // of an earlier attempt that never started a server
		}
	}
	known := len(newest) > 0 || f.hasService(name)
	if previous {
		newest = before
	}
	var files []string
	for _, path := range newest {
		if path != "" {
			files = append(files, path)
		}
	}
	slices.Sort(files)
	if !known {
		return nil, fmt.Errorf("no log of %q: %w; what there is: assay get services, assay get runs, assay get jobs", name, ErrNone)
	}
	return files, nil
}

func (f finder) hasService(name string) bool {
	for _, s := range f.statuses {
		if slices.ContainsFunc(s.Services, func(v v1alpha1.ServiceStatus) bool {
			full := s.Name + "/" + v.Name
			return name == v.Name || name == full || strings.HasPrefix(name, v.Name+".") || strings.HasPrefix(name, full+".")
		}) {
			return true
		}
	}
	return false
}
