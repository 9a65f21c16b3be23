package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"assay/reconciler/results"
)

// mostHeadlines is how many numbers of a benchmark are shown on top.
const mostHeadlines = 3

// headline is a number that a reader in a hurry wants, and where it was measured.
type headline struct{ Benchmark, What, Value, Where string }

// headlines are the best values of each benchmark over its points, of the metrics that are headlines. Which point is best is said only
// where it is told apart from all others.
func (r Report) headlines() (out []headline) {
	for _, name := range r.benchmarks() {
		all, n := r.of(name), 0
		for _, c := range results.Shown(results.Headline, metricsOf(all)) {
			if n == mostHeadlines {
				break
			}
			h, ok := bestOf(all, c)
			if !ok {
				continue
			}
			n++
			what := c.Heading()
			if len(all) > 1 {
				what = map[results.Direction]string{results.Higher: "Highest ", results.Lower: "Lowest "}[c.Better] + inSentence(what)
			}
			value, where := h.says(c)
			out = append(out, headline{name, what, value, where})
		}
	}
	return out
}

// counted says in one sentence how many runs count.
func (r Report) counted() string {
	bad := r.invalid()
	text := fmt.Sprintf("%d of %d runs count, of %s", len(r.Runs)-len(bad), len(r.Runs), many(len(r.benchmarks()), "benchmark"))
	if len(r.Summary) > len(r.benchmarks()) {
		text += fmt.Sprintf(" at %d points", len(r.Summary))
	}
	text += "."
	if len(bad) == 0 {
		return text
	}
	reasons := map[string]int{}
	for _, row := range bad {
		word := row.Phase
		if len(row.Reasons) > 0 {
			word = row.Reasons[0].Reason
		}
		reasons[word]++
	}
	var parts []string
	for _, word := range slices.Sorted(maps.Keys(reasons)) {
		parts = append(parts, fmt.Sprintf("%s %d", word, reasons[word]))
	}
	return text + fmt.Sprintf(" %d do not: %s.", len(bad), strings.Join(parts, ", "))
}

// changed says in one sentence how many numbers differ from the revision before; empty when there is none.
func (r Report) changed() string {
	if r.Against == "" {
		return ""
	}
	decidable, compared := 0, 0
	for _, c := range r.Changes {
		if c.Refused == "" {
			compared++
		}
		if c.CanTell() {
			decidable++
		}
	}
	switch {
	case decidable == 0:
		return fmt.Sprintf("Whether anything differs from %s cannot be told: too few repeats count.", r.Against)
	case decidable < compared:
		return fmt.Sprintf("%d of %d compared numbers differ from %s; %d have too few repeats to tell.", r.called(), compared, r.Against, compared-decidable)
	}
	return fmt.Sprintf("%d of %d compared numbers differ from %s.", r.called(), compared, r.Against)
}

// verdicts counts the gates by verdict.
func (r Report) verdicts() string {
	count := map[string]int{}
	for _, g := range r.Gates {
		count[g.Verdict]++
	}
	var parts []string
	for _, v := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d %s", count[v], v))
	}
	return strings.Join(parts, ", ")
}

// simulation says how much of the report was measured on a simulator; empty when nothing was.
func (r Report) simulation() string {
	switch {
	case !r.Simulated:
		return ""
	case slices.ContainsFunc(r.Summary, func(s Summary) bool { return !s.Simulated }):
		return "Some of these figures are simulated."
	}
	return "All of these figures are simulated."
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
