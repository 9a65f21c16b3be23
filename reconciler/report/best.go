package report

import (
	"fmt"
	"slices"
	"strings"

	"assay/reconciler/decide"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// champion is the answer to which point of a benchmark is best in a metric.
type champion struct {
	best   Summary
	others int       // points that it was compared with
	rivals []Summary // those that it cannot be told apart from; the best is named only when there is none
}

// bestOf finds the point with the best mean, and the others that it is not told apart from. It has to differ from each of them at 5 %,
// which needs no correction for their number: a wrong best is most likely where two points share the top (Gutmann and Maymin 1987),
// and the more share it, the closer the second one is.
func bestOf(all []Summary, c results.Metric) (out champion, ok bool) {
	for _, s := range all {
		v, has := s.Metrics[c.Name]
		if has && (!ok || c.Improves(out.best.Metrics[c.Name].Mean, v.Mean)) {
			out.best, ok = s, true
		}
	}
	var others []Summary
	for _, s := range all {
		if _, has := s.Metrics[c.Name]; has && s.group.Name() != out.best.group.Name() {
			others = append(others, s)
		}
	}
	out.others = len(others)
	for _, s := range others {
		if !out.best.beats(s, c) {
			out.rivals = append(out.rivals, s)
		}
	}
	slices.SortStableFunc(out.rivals, func(a, b Summary) int {
		if c.Improves(b.Metrics[c.Name].Mean, a.Metrics[c.Name].Mean) {
			return -1
		}
		return 1
	})
	return out, ok
}

// beats reports whether a point differs from another one by more than chance would make it.
func (s Summary) beats(o Summary, c results.Metric) bool {
	if gate.Comparable(s.group, o.group) != nil {
		return false
	}
	if a, ok := s.group.Bracket(c.Name); ok {
		b, ok := o.group.Bracket(c.Name)
		return ok && results.BracketsDiffer(a, b)
	}
	p, ok := decide.Test(s.group.Runs(), o.group.Runs(), []string{c.Name}, false).P[c.Name]
	return ok && p < decide.Alpha
}

// mostRivals is how many points are named before they are only counted.
const mostRivals = 3

// says is what a champion is worth, where, and why there is none.
func (h champion) says(c results.Metric) (value, where string) {
	if len(h.rivals) == 0 {
		return cell(h.best, c), h.best.where()
	}
	if h.repeats() < 2 {
		return "best not known", fmt.Sprintf("%s: 1 run at a point cannot tell it from the others; repeats: 3 or more do", h.best.where())
	}
	close := append([]Summary{h.best}, h.rivals...)
	lo, hi := h.best.Metrics[c.Name].Mean, h.best.Metrics[c.Name].Mean
	var names []string
	for i, s := range close {
		v := s.Metrics[c.Name].Mean
		lo, hi = min(lo, v), max(hi, v)
		if i <= mostRivals {
			names = append(names, pointText(s.Point))
		}
	}
	text := fmt.Sprintf("%d of %d points are not told apart: %s", len(close), h.others+1, strings.Join(names, "; "))
	if more := len(close) - len(names); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	value = results.Number(lo)
	if far := results.Number(hi); far != value {
		value += " to " + far
	}
	return value, text + simulatedWord(h.best)
}

// repeats is the least number of runs of the points that are not told apart.
func (h champion) repeats() int {
	least := h.best.Runs
	for _, s := range h.rivals {
		least = min(least, s.Runs)
	}
	return least
}

// where is the point of a summary, and what to know of its numbers.
func (s Summary) where() string {
	var out []string
	if p := pointText(s.Point); p != "" {
		out = append(out, p)
	}
	out = append(out, many(s.Runs, "run"))
	if s.Engine != "" {
		out = append(out, "engine "+s.Engine)
	}
	return strings.Join(out, ", ") + simulatedWord(s)
}

func simulatedWord(s Summary) string {
	if s.Simulated {
		return ", simulated"
	}
	return ""
}
