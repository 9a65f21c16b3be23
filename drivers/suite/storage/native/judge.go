package native

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/storage"
)

// The stonewalls of IO500's rules, and the least that a phase can take. Before and after a phase the nodes wait for each other
// and start their threads, which takes about a millisecond: of ten that is a tenth, and more would be no figure.
const (
	shortest = 300 * time.Second // the list of io500.org accepts no result with less
	students = 30 * time.Second  // nor does the Student Cluster Competition with less than this; there is no score then
)

var shortestPhase = 10 * time.Millisecond // tests lower it

// faults are the reasons for which these values are no result.
func faults(s v1alpha1.Storage, values []storage.Value) (out []drivers.Reason) {
	var idle, early, brief []string
	for _, v := range values {
		took := time.Duration(v.Seconds * float64(time.Second))
		write := slices.ContainsFunc(storage.Phases, func(p storage.Phase) bool { return p.Name == v.Name && p.Write })
		switch {
		case v.Value <= 0:
			idle = append(idle, v.Name)
		case write && took < s.Stonewall.Std():
			early = append(early, fmt.Sprintf("%s after %s", v.Name, short(took)))
		case took < shortestPhase:
			brief = append(brief, fmt.Sprintf("%s took %s", v.Name, short(took)))
		}
	}
	for _, f := range []struct {
		phases       []string
		reason, text string
	}{
		{idle, suite.ReasonIncomplete, "nothing was done in %s: raise the stonewall"},
		{early, suite.ReasonTooShort, "before the stonewall of " + s.Stonewall.String() + " ended %s, because a size was reached: raise blockSize, segments or files, or leave them out"},
		{brief, suite.ReasonTooShort, "%s, which is mostly starting and stopping: raise the stonewall, and the sizes where they are given"},
	} {
		if len(f.phases) > 0 {
			out = append(out, suite.NewReason(f.reason, f.text, strings.Join(f.phases, ", ")))
		}
	}
	return out
}

// short is a duration in three digits.
func short(d time.Duration) string {
	unit := time.Nanosecond
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// withoutScore takes the scores away, which by IO500's rules a run with a shorter stonewall has not.
func withoutScore(m map[string]float64, s v1alpha1.Storage) {
	if s.Stonewall.Std() < students {
		for _, name := range []string{"score_bandwidth_gibs", "score_iops_kiops", "score_total"} {
			delete(m, name)
		}
	}
}

// notes are what a reader of the numbers has to know.
func (r *runner) notes() (out []drivers.Reason) {
	note := func(reason, format string, args ...any) {
		out = append(out, suite.NewReason(reason, format, args...))
	}
	note(suite.ReasonNativeEngine, "measured by assay's own engine: compare it with results of the same engine, never with scores of io500")
	switch s := r.spec.Stonewall.Std(); {
	case s < students:
		note(suite.ReasonShortStonewall, "the stonewall is %s: by the rules of io500.org there is no score with less than %s (%s under the rules for students), so none is given; the phases count",
			r.spec.Stonewall, v1alpha1.Duration(shortest), v1alpha1.Duration(students))
	case s < shortest:
		note(suite.ReasonShortStonewall, "the stonewall is %s; the list of io500.org accepts no result with less than %s", r.spec.Stonewall, v1alpha1.Duration(shortest))
	}
	if r.cached > mostCached {
		note(suite.ReasonPageCache, "%.0f%% of what was written was in the first node's page cache when it was to be read, so the bandwidths of the reads are partly "+
			"those of memory; use two nodes or more, or direct: true", 100*r.cached)
	}
	if r.spec.Nodes == 1 {
		how := "its page cache was dropped before the ior reads"
		if r.spec.Direct {
			how = "ior-easy went past its page cache, which was dropped before the read of ior-hard"
		}
		note(suite.ReasonOneNode, "one node reads its own data: %s, but not for small files, and the servers' caches were not; use two nodes or more", how)
	}
	return out
}
