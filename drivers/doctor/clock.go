package doctor

import (
	"strings"
	"time"
)

// skew is how far clocks may differ before figures of two machines cannot be laid over each other.
const skew = time.Second

func clock(f Facts) []Check {
	const name = "clocks"
	var apart, found []string
	far := func(what string, ahead, within time.Duration) {
		if ahead.Abs()-within > skew {
			word := "ahead of"
			if ahead < 0 {
				word = "behind"
			}
			apart = append(apart, what+" is "+short(ahead.Abs())+" "+word+" this host")
		}
	}
	for _, d := range f.Folders {
		far("the clock of "+d.Path, d.Clock, slowSync)
	}
	for _, n := range f.Job.Nodes {
		if n.Compared {
			far(n.Host.Name, n.Ahead, n.Within)
			found = append(found, n.Host.Name+" "+short(n.Ahead)+" ±"+short(n.Within))
		}
	}
	switch {
	case len(apart) > 0:
		return one(name, Warn, "ask the site for NTP: assay does not rely on clocks, but metrics of several machines do not fit together", strings.Join(apart, "; "))
	case len(found) == 0:
		return one(name, Skipped, "", "there was no node to compare with")
	}
	return one(name, OK, "", "within a second of this host: %s", strings.Join(found, ", "))
}
