package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"assay/drivers"
)

const (
	avoidAfter = 2         // jobs that a node ended
	avoidFor   = time.Hour // how long those count, and so how long a node is avoided after the last one
)

// Avoided is a node that new jobs stay away from, because jobs ended there through its own fault.
type Avoided struct {
	Node  string
	Jobs  int       // that it ended
	Last  Reason    // NodeFail, BootFail or LaunchFailed
	Until time.Time // then it is tried again
}

// AvoidedNodes are the nodes to avoid at a moment, by name. The scheduler does not say which node of a job failed, so every
// node of it is suspected; one is avoided only after a second such end, of whichever service.
func AvoidedNodes(attempts []Attempt, now time.Time) []Avoided {
	var found map[string]Avoided
	for i := range attempts {
		e := attempts[i].End
		if e == nil || !nodeEnded(e.Reason) || !now.Before(e.At.Add(avoidFor)) {
			continue
		}
		for _, n := range e.Nodes {
			if found == nil {
				found = map[string]Avoided{}
			}
			a := found[n]
			if a.Node, a.Jobs = n, a.Jobs+1; !e.At.Add(avoidFor).Before(a.Until) {
				a.Last, a.Until = e.Reason, e.At.Add(avoidFor)
			}
			found[n] = a
		}
	}
	var out []Avoided
	for _, a := range found {
		if a.Jobs >= avoidAfter {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Avoided) int { return cmp.Compare(a.Node, b.Node) })
	return out
}

// nodeEnded reports whether a node is to blame for an end.
func nodeEnded(r Reason) bool { return r == NodeFail || r == BootFail || r == LaunchFailed }

// avoid keeps a job away from bad nodes, and returns the words that say so. They are found once a pass, when every end is known.
func (w *world) avoid(job *drivers.JobSpec) string {
	if w.avoided == nil {
		w.avoided = []string{}
		for _, a := range AvoidedNodes(w.o.Attempts, w.o.Now) {
			w.avoided = append(w.avoided, a.Node)
		}
	}
	if len(w.avoided) == 0 {
		return ""
	}
	job.Exclude = slices.Clone(w.avoided)
	return "; it avoids " + strings.Join(job.Exclude, ", ") + ", where jobs failed"
}
