package doctor

import "fmt"

const (
	fewFiles     = 4096 // one for each request in flight, and more
	fewProcesses = 512
)

// limits are those of one process, here and on a node.
func limits(f Facts) (all []Check) {
	for i, h := range append([]Host{f.Here}, hosts(f.Job)...) {
		name := "limits here"
		if i > 0 {
			name = "limits on " + h.Name
		}
		found := fmt.Sprintf("%s open files, %s processes", number(h.OpenFiles), number(h.Processes))
		if h.OpenFiles < fewFiles || h.Processes < fewProcesses {
			all = append(all, one(name, Warn, "raise them (ulimit -n, ulimit -u), or keep to fewer requests at once", found)...)
			continue
		}
		all = append(all, one(name, OK, "", found)...)
	}
	return all
}

func hosts(j Job) (out []Host) {
	for _, n := range j.Nodes {
		out = append(out, n.Host)
	}
	return out
}

func number(n uint64) string {
	if n == noLimit {
		return "unlimited"
	}
	return fmt.Sprint(n)
}
