package logs

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// jobOutput is the name under which a scheduler writes a job's own output: drivers.JobLog.
const jobOutput = "job"

// file is one log of a job: NAME.JOB.log.
type file struct {
	path    string
	process string // SERVICE, SERVICE.COMPONENT, or jobOutput
}

// jobLogs lists the logs of one job, oldest first, so that of two of one server the newer one counts.
func jobLogs(st *store.Store, at plan.Attempt) []file {
	type dated struct {
		file
		info fs.FileInfo
	}
	var all []dated
	job := st.JobDir(at.Seat, at.Nonce)
	for _, dir := range []string{job, filepath.Join(job, drivers.LogDir)} { // of an older assay all are in the second
		entries, _ := os.ReadDir(dir) // cleaned away, or not made yet
		for _, e := range entries {
			base, ok := strings.CutSuffix(e.Name(), ".log")
			if !ok {
				continue
			}
			info, err := e.Info()
			if err != nil || !info.Mode().IsRegular() {
				continue
			}
			process := base
			if i := strings.LastIndexByte(base, '.'); i > 0 {
				process = base[:i]
			}
			all = append(all, dated{file{filepath.Join(dir, e.Name()), process}, info})
		}
	}
	slices.SortStableFunc(all, func(a, b dated) int { return a.info.ModTime().Compare(b.info.ModTime()) })
	var out []file
	for _, d := range all {
		out = append(out, d.file)
	}
	return out
}

func paths(logs []file) []string {
	var out []string
	for _, l := range logs {
		out = append(out, l.path)
	}
	return out
}
