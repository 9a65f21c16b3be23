package selfwatch

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// group is a control group's folder with the files of its version.
type group struct {
	dir string
	two bool // version 2
}

// groups are the control groups of this process that can have a quota, each with all above it. Where a namespace hides what is
// above, or the mount is elsewhere, less is found.
func groups(s source) (out []group) {
	for line := range strings.Lines(s.text("proc/self/cgroup")) {
		number, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, at, ok := strings.Cut(rest, ":")
		if !ok {
			continue
		}
		roots, two := []string{"sys/fs/cgroup", "sys/fs/cgroup/unified"}, true
		if number != "0" || controllers != "" {
			if !slices.Contains(strings.Split(controllers, ","), "cpu") {
				continue
			}
			roots, two = []string{"sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"}, false
		}
		for _, root := range roots {
			for dir := path.Clean("/" + at); ; dir = path.Dir(dir) {
				out = append(out, group{path.Join(root, dir), two})
				if dir == "/" {
					break
				}
			}
		}
	}
	return out
}

// throttling is for how long quotas have stopped this process so far, on the level that did so most, and the CPUs that the
// smallest quota gives; 0 without one.
func throttling(s source) (stopped time.Duration, cpus float64) {
	for _, g := range groups(s) {
		for line := range strings.Lines(s.text(path.Join(g.dir, "cpu.stat"))) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			n, _ := strconv.ParseInt(value, 10, 64) // the kernel writes numbers
			switch key {
			case "throttled_time":
				stopped = max(stopped, time.Duration(n))
			case "throttled_usec":
				stopped = max(stopped, time.Duration(n)*time.Microsecond)
			}
		}
		if q := g.quota(s); q > 0 && (cpus == 0 || q < cpus) {
			cpus = q
		}
	}
	return stopped, cpus
}

// quota is how many CPUs a group may use; 0: all.
func (g group) quota(s source) float64 {
	quota, period := s.text(path.Join(g.dir, "cpu.cfs_quota_us")), s.text(path.Join(g.dir, "cpu.cfs_period_us"))
	if g.two {
		quota, period, _ = strings.Cut(strings.TrimSpace(s.text(path.Join(g.dir, "cpu.max"))), " ")
	}
	q, _ := strconv.ParseFloat(strings.TrimSpace(quota), 64) // "max" and -1 are none
	p, _ := strconv.ParseFloat(strings.TrimSpace(period), 64)
	if q <= 0 || p <= 0 {
		return 0
	}
	return q / p
}
