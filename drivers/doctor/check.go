package doctor

import (
	"cmp"
	"fmt"
	"time"
)

// The statuses of a check.
const (
	OK      = "ok"
	Warn    = "warn"
	Fail    = "fail"
	Skipped = "skipped"
)

// Check is a verdict: what was found, and what to do when it is not ok.
type Check struct {
	Check  string `json:"check"`
	Status string `json:"status"`
	Found  string `json:"found"`
	Remedy string `json:"remedy,omitempty"`
}

// rules are all checks, in the order in which they are printed: what others depend on comes first.
var rules = []func(Facts) []Check{programs, controller, accounting, auth, folders, seen, clock, ports, containers, images, gpus, metrics, lingering, limits, login}

// Examine makes the verdicts. It is pure.
func Examine(f Facts) (all []Check) {
	for _, rule := range rules {
		all = append(all, rule(f)...)
	}
	return all
}

// Worst is the worst status of checks: fail, warn, or ok.
func Worst(all []Check) string {
	worst := OK
	for _, c := range all {
		if c.Status == Fail || c.Status == Warn && worst == OK {
			worst = c.Status
		}
	}
	return worst
}

// one is the verdict of a rule that has one check.
func one(check, status, remedy, found string, args ...any) []Check {
	if len(args) > 0 {
		found = fmt.Sprintf(found, args...)
	}
	return []Check{{check, status, found, remedy}}
}

// local reports whether a site has no scheduler.
func (f Facts) local() bool { return f.Site.Spec.Scheduler != "slurm" }

// said is what an answer holds, for people.
func (a Answer) said() string { return cmp.Or(a.Text, "no answer") }

// size prints bytes.
func size(n uint64) string {
	const unit = 1 << 10
	for _, u := range []string{"B", "KiB", "MiB", "GiB", "TiB"} {
		if n < unit || u == "TiB" {
			return fmt.Sprintf("%d %s", n, u)
		}
		n /= unit
	}
	return ""
}

func short(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
