package doctor

import (
	"fmt"
	"strings"
)

const (
	noLimit      = ^uint64(0)
	littleMemory = 1 << 30 // bytes: a controller with its Prometheus
	littleTasks  = 200
)

// lingering is whether a controller can stay on this host.
func lingering(f Facts) []Check {
	const name, instead = "long-running programs", "run the controller inside a job, or call assay sync --once from time to time"
	var ends, found []string
	h := f.Here
	if h.CPU != 0 && h.CPU != noLimit {
		ends = append(ends, fmt.Sprintf("a program ends after %d s of CPU time (ulimit -t)", h.CPU))
	}
	if h.Kill == "yes" && h.Linger != "yes" {
		ends = append(ends, "programs end when you log out (KillUserProcesses=yes, no linger)")
	}
	if h.Memory > 0 && h.Memory < littleMemory {
		ends = append(ends, "your session has "+size(h.Memory)+" of memory (its cgroup)")
	}
	if h.Tasks > 0 && h.Tasks < littleTasks {
		ends = append(ends, fmt.Sprintf("your session can have %d threads (its cgroup)", h.Tasks))
	}
	if len(ends) > 0 {
		return one(name, Warn, instead, strings.Join(ends, "; "))
	}
	if h.Kill != "" {
		found = append(found, "KillUserProcesses="+h.Kill)
	}
	if h.Linger != "" {
		found = append(found, "linger="+h.Linger)
	}
	return one(name, OK, "", "no limit was found%s; the site's rules can still forbid them", strings.TrimSuffix(" ("+strings.Join(found, ", ")+")", " ()"))
}
