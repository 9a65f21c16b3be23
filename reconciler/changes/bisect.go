package changes

import (
	"fmt"
	"slices"

	"assay/reconciler/decide"
	"assay/reconciler/results"
)

// Revision is a revision with the results that count for it.
type Revision struct {
	Generation              int64
	Commit, Author, Subject string
	Rows                    []results.Row
}

// Step is one revision of a series.
type Step struct {
	Generation int64   `json:"revision"`
	Commit     string  `json:"commit,omitempty"`
	Author     string  `json:"author,omitempty"`
	Subject    string  `json:"subject,omitempty"`
	Runs       int     `json:"runs"`
	Value      float64 `json:"value"` // median of the runs
	Change     *Change `json:"-"`     // that came with this revision

	By    float64 `json:"changedBy,omitempty"` // share of the value before; with a change
	P     float64 `json:"p,omitempty"`
	Worse bool    `json:"worse,omitempty"`
}

// Series is a metric of one benchmark at one point over the revisions that measured it.
type Series struct {
	Benchmark string            `json:"benchmark"`
	Point     map[string]string `json:"point,omitempty"`
	Metric    string            `json:"metric"`
	Unit      string            `json:"unit,omitempty"`
	Simulated bool              `json:"simulated,omitempty"`
	Steps     []Step            `json:"revisions"`
	Note      string            `json:"note,omitempty"` // why nothing can be said
}

// Bisect makes a series for every point that the revisions, oldest first, measured. A revision that has the results of the one
// before has none of its own, and is left out.
func Bisect(revisions []Revision, metric string) []Series {
	var out []Series
	at := map[string]int{}
	last := map[string][]string{}
	for _, rev := range revisions {
		for _, g := range results.Groups(rev.Rows) {
			name := results.Resolve(metric, g.Metrics()).Name
			if len(g.Values(name)) == 0 || slices.Equal(last[g.Name()], runs(g)) {
				continue
			}
			last[g.Name()] = runs(g)
			i, ok := at[g.Name()]
			if !ok {
				i = len(out)
				at[g.Name()] = i
				out = append(out, Series{Benchmark: g.Benchmark, Point: g.Point, Metric: name, Unit: results.Describe(name).Unit})
			}
			m := results.Middle(g.Runs(), name)
			out[i].Simulated = out[i].Simulated || g.Simulated()
			out[i].Steps = append(out[i].Steps, Step{Generation: rev.Generation, Commit: rev.Commit, Author: rev.Author, Subject: rev.Subject, Runs: m.N, Value: m.Center})
		}
	}
	for i := range out {
		out[i].decide()
	}
	return out
}

func runs(g results.Group) (out []string) {
	for _, r := range g.Rows {
		out = append(out, r.Run)
	}
	return out
}

func (s *Series) decide() {
	var values []float64
	for _, step := range s.Steps {
		values = append(values, step.Value)
	}
	if len(values) < fewest {
		s.Note = fmt.Sprintf("%d revision(s) measured it; at least %d tell a change from noise", len(values), fewest)
		return
	}
	for _, c := range Find(values, decide.Alpha) {
		step := &s.Steps[c.At]
		step.Change, step.P = &c, c.P
		if c.Before != 0 {
			step.By = (c.After - c.Before) / c.Before
		}
		better := results.Describe(s.Metric).Better
		step.Worse = better == results.Lower && c.After > c.Before || better == results.Higher && c.After < c.Before
	}
}
