package sealed

import (
	"fmt"
	"math"
	"slices"

	"assay/reconciler/compare"
	"assay/reconciler/results"
)

// The verdicts of a replay.
const (
	Reproduced    = "reproduced"
	NotReproduced = "not reproduced"
	Inconclusive  = "inconclusive"
)

// Verdict is one metric of one point: the bundle's side is Before, the replay's Now.
type Verdict struct {
	compare.Row
	Verdict string `json:"verdict"`
	Why     string `json:"why"`
}

// Compare says, point by point, whether a replay came to what the bundle says. Metrics are names as in a manifest; without any the
// headlines of the catalogue are compared.
func Compare(bundle, replay []results.Row, metrics []string) []Verdict {
	was, is := results.Groups(bundle), results.Groups(replay)
	rows := compare.Headlines(was, is)
	if len(metrics) > 0 {
		rows = compare.Groups(was, is, metrics)
	}
	var out []Verdict
	for _, r := range rows {
		verdict, why := judge(r)
		out = append(out, Verdict{r, verdict, why})
	}
	for _, g := range was {
		there := func(o results.Group) bool { return o.Name() == g.Name() }
		if !slices.ContainsFunc(is, there) {
			out = append(out, Verdict{compare.Row{Benchmark: g.Benchmark, Point: g.Point, Simulated: g.Simulated()}, Inconclusive, "the replay has no run of it"})
		}
	}
	return out
}

func judge(r compare.Row) (verdict, why string) {
	if r.Refused != "" {
		return Inconclusive, r.Refused
	}
	a, b := *r.Before, *r.Now
	switch {
	case r.Different:
		return NotReproduced, "it differs: " + r.Change()
	case unknown(a):
		return Inconclusive, fmt.Sprintf("the bundle has too few runs for an interval (%d)", a.N)
	case unknown(b):
		return Inconclusive, fmt.Sprintf("the replay has too few runs for an interval (%d)", b.N)
	case a.Hi < b.Lo || b.Hi < a.Lo:
		return NotReproduced, "the intervals have nothing in common"
	case tooWide(a) || tooWide(b):
		return Inconclusive, "an interval is wider than the number itself: more repeats tell"
	}
	return Reproduced, "the intervals meet"
}

func unknown(m results.Median) bool { return math.IsInf(m.Lo, 0) || math.IsInf(m.Hi, 0) }

// tooWide reports whether nearly anything would lie in an interval.
func tooWide(m results.Median) bool { return m.Hi-m.Lo > math.Abs(m.Center) }

// Overall is the verdict of all points: not reproduced when one is not, reproduced when all are.
func Overall(all []Verdict) string {
	overall := Reproduced
	for _, v := range all {
		if v.Verdict == NotReproduced {
			return NotReproduced
		}
		if v.Verdict == Inconclusive {
			overall = Inconclusive
		}
	}
	if len(all) == 0 {
		return Inconclusive
	}
	return overall
}
