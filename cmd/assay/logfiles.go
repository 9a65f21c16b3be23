package main

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

// jobOutput is the name under which a scheduler writes a job's own output; servers write theirs beside it.
const jobOutput = "job"

// errNoSuchLog means that nothing has that name.
var errNoSuchLog = errors.New("nothing has that name")

// logFile is one file of a job directory's log folder: NAME.JOB.log.
type logFile struct {
	path    string
	process string // SERVICE, SERVICE.COMPONENT, or jobOutput
}

// logFiles finds the logs of a run, a node, a job, or a service, also of ended jobs. It finds none when the object is
// there and has not logged yet.
func logFiles(st *store.Store, name string) ([]string, error) {
	w, err := readWorld(st)
	if err != nil {
		return nil, err
	}
	attempts, err := st.Attempts()
	if err != nil {
		return nil, err
	}
	if node, ok := strings.CutPrefix(name, "node/"); ok {
		return w.nodeLogs(attempts, node)
	}
	if files, ok := w.runLogs(name); ok {
		return files, nil
	}
	for _, at := range slices.Backward(attempts) { // ids are reused: the newest job counts
		if at.JobID != "" && string(at.JobID) == name {
			return paths(logsOf(st, at)), nil
		}
	}
	return w.serviceLogs(attempts, name)
}

func (w world) runLogs(name string) ([]string, bool) {
	for _, s := range w.statuses {
		for _, r := range s.Runs {
			if name != r.ID && name != s.Name+"/"+r.ID {
				continue
			}
			file := filepath.Join(r.Dir, "suite.log")
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				return nil, true
			}
			return []string{file}, true
		}
	}
	return nil, false
}

// nodeLogs are all logs of the live jobs on a node, and of the newest ended one when none is live.
func (w world) nodeLogs(attempts []plan.Attempt, node string) ([]string, error) {
	var files, ended []string
	found := false
	for _, at := range attempts {
		state, err := w.st.State(at.Seat, at.Nonce)
		if err != nil || state == nil || !onNode(*state, node) {
			continue // a state that cannot be read names no node
		}
		found = true
		if at.End == nil {
			files = append(files, paths(logsOf(w.st, at))...)
		} else {
			ended = paths(logsOf(w.st, at))
		}
	}
	if !found {
		return nil, fmt.Errorf("no logs of node %s: %w among the nodes of our jobs; what there is: assay get jobs", node, errNoSuchLog)
	}
	if len(files) == 0 {
		return ended, nil
	}
	return files, nil
}

func onNode(s drivers.AgentState, node string) bool {
	return s.Node == node || slices.ContainsFunc(s.Nodes, func(n drivers.NodeState) bool { return n.Name == node })
}

// serviceLogs are the newest log of each server of a service, in each seat. Services of one group share a job, so that
// it is the names of the files that tell whose they are; a job that never got so far has only its own output.
func (w world) serviceLogs(attempts []plan.Attempt, name string) ([]string, error) {
	type place struct {
		seat    drivers.Seat
		process string
	}
	newest := map[place]string{}
	for _, at := range attempts {
		short := strings.TrimPrefix(name, at.Experiment+"/")
		if at.Run != "" {
			continue
		}
		logs := logsOf(w.st, at)
		mine := slices.DeleteFunc(slices.Clone(logs), func(l logFile) bool {
			return l.process != short && !strings.HasPrefix(l.process, short+".")
		})
		if len(mine) == 0 && at.Seat.Group == short {
			mine = slices.DeleteFunc(logs, func(l logFile) bool { return l.process != jobOutput })
		}
		for _, l := range mine {
			newest[place{at.Seat, l.process}] = l.path
		}
		if slices.ContainsFunc(mine, func(l logFile) bool { return l.process != jobOutput }) {
			delete(newest, place{at.Seat, jobOutput}) // of an earlier attempt that never got so far
		}
	}
	var files []string
	for _, f := range newest {
		files = append(files, f)
	}
	slices.Sort(files)
	if len(files) == 0 && !w.hasService(name) {
		return nil, fmt.Errorf("no log of %q: %w; what there is: assay get services, assay get runs, assay get jobs", name, errNoSuchLog)
	}
	return files, nil
}

func (w world) hasService(name string) bool {
	for _, s := range w.statuses {
		if slices.ContainsFunc(s.Services, func(v v1alpha1.ServiceStatus) bool {
			full := s.Name + "/" + v.Name
			return name == v.Name || name == full || strings.HasPrefix(name, v.Name+".") || strings.HasPrefix(name, full+".")
		}) {
			return true
		}
	}
	return false
}

// logsOf lists the logs of one job, oldest first, so that of two of one server the newer one counts.
func logsOf(st *store.Store, at plan.Attempt) []logFile {
	dir := filepath.Join(st.JobDir(at.Seat, at.Nonce), drivers.LogDir)
	entries, _ := os.ReadDir(dir) // cleaned away, or not made yet
	type dated struct {
		logFile
		info fs.FileInfo
	}
	var all []dated
	for _, e := range entries {
		base, ok := strings.CutSuffix(e.Name(), ".log")
		info, err := e.Info()
		if !ok || err != nil || !info.Mode().IsRegular() {
			continue
		}
		process := base
		if i := strings.LastIndexByte(base, '.'); i > 0 {
			process = base[:i]
		}
		all = append(all, dated{logFile{filepath.Join(dir, e.Name()), process}, info})
	}
	slices.SortStableFunc(all, func(a, b dated) int { return a.info.ModTime().Compare(b.info.ModTime()) })
	var out []logFile
	for _, d := range all {
		out = append(out, d.logFile)
	}
	return out
}

func paths(logs []logFile) []string {
	var out []string
	for _, l := range logs {
		out = append(out, l.path)
	}
	return out
}
