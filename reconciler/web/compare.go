package web

import (
	"fmt"
	"slices"
	"strconv"

	"assay/reconciler/compare"
	"assay/reconciler/results"
	"assay/reconciler/view"
)

// calm waits for a place among those who read all runs of an experiment, of which there are few at a time.
func (r *request) calm() (leave func(), err error) {
	select {
	case r.s.heavy <- struct{}{}:
		return func() { <-r.s.heavy }, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// sides are the two revisions that are asked for: a before b.
func (r *request) sides() (experiment, a, b string, err error) {
	if experiment, err = r.name("experiment"); err != nil {
		return "", "", "", err
	}
	q := r.URL.Query()
	a, b = q.Get("a"), q.Get("b")
	for _, v := range []string{a, b} {
		if v != "" && !word.MatchString(v) {
			return "", "", "", &failure{400, "a and b are numbers of revisions, or the beginnings of hashes or commits"}
		}
	}
	return experiment, a, b, nil
}

// compared are the rows of two revisions of an experiment.
func (r *request) compared(experiment, a, b string) ([]compare.Row, error) {
	leave, err := r.calm()
	if err != nil {
		return nil, err
	}
	defer leave()
	before, err := r.s.o.Results.Results(experiment + "@" + a)
	if err != nil {
		return nil, &failure{404, err.Error()}
	}
	now, err := r.s.o.Results.Results(experiment + "@" + b)
	if err != nil {
		return nil, &failure{404, err.Error()}
	}
	rows := compare.Groups(results.Groups(before), results.Groups(now), nil)
	if len(rows) == 0 {
		return nil, &failure{404, fmt.Sprintf("revisions %s and %s have no benchmark at the same point in common", a, b)}
	}
	return rows, nil
}

func compareData(r *request) (any, error) {
	experiment, a, b, err := r.sides()
	if err == nil && (a == "" || b == "") {
		err = &failure{400, "a and b are needed: ?a=1&b=2"}
	}
	if err != nil {
		return nil, err
	}
	return r.compared(experiment, a, b)
}

// comparison is the page of two revisions.
type comparison struct {
	Experiment, A, B string
	Revisions        []view.Object // the newest first
	Tables           []comparedGroup
	Problem          string
	Called, Compared int
	Notes            []string
	Simulated        bool
}

// comparedGroup are the rows of one benchmark at one point.
type comparedGroup struct {
	Name    string
	Refused string
	Rows    []comparedRow
}

// comparedRow is a row in words.
type comparedRow struct {
	compare.Row
	Verdict string // better, worse, differs, same
}

// Interval is that of the change, in words.
func (r comparedRow) Interval() string {
	if r.Low == nil || r.High == nil {
		return "–"
	}
	return fmt.Sprintf("%+.1f%% to %+.1f%%", 100**r.Low, 100**r.High)
}

func comparePage(r *request) (*page, error) {
	experiment, a, b, err := r.sides()
	if err != nil {
		return nil, err
	}
	c := comparison{Experiment: experiment, A: a, B: b}
	if c.Revisions, err = r.items("revisions", view.Filter{Experiment: experiment}); err != nil {
		return nil, err
	}
	slices.Reverse(c.Revisions)
	if a == "" && b == "" && len(c.Revisions) > 1 { // the last step
		c.A, c.B = strconv.FormatInt(c.Revisions[1].Metadata.Generation, 10), strconv.FormatInt(c.Revisions[0].Metadata.Generation, 10)
	}
	switch {
	case len(c.Revisions) < 2 && (a == "" || b == ""):
		c.Problem = "There is one revision: apply another one, and its runs are compared with those of this one."
	default:
		rows, err := r.compared(experiment, c.A, c.B)
		if err != nil {
			c.Problem = err.Error()
		}
		c.add(rows)
	}
	return &page{Title: "Compare revisions", Crumbs: crumbs(experiment), View: "compare", Data: c}, nil
}

func (c *comparison) add(rows []compare.Row) {
	for _, row := range rows {
		name := results.Group{Benchmark: row.Benchmark, Point: row.Point}.Name()
		if n := len(c.Tables); n == 0 || c.Tables[n-1].Name != name {
			c.Tables = append(c.Tables, comparedGroup{Name: name, Refused: row.Refused})
		}
		c.Simulated = c.Simulated || row.Simulated
		for _, w := range row.Warnings {
			if !slices.Contains(c.Notes, w) {
				c.Notes = append(c.Notes, w)
			}
		}
		if row.Refused != "" {
			continue
		}
		c.Compared++
		if row.Different {
			c.Called++
		}
		t := &c.Tables[len(c.Tables)-1]
		t.Rows = append(t.Rows, comparedRow{row, verdict(row)})
	}
}

// verdict is what a row says, in a word.
func verdict(row compare.Row) string {
	switch {
	case !row.Different:
		return "same"
	case row.Better == "" || row.Delta == nil:
		return "differs"
	case (*row.Delta > 0) == (row.Better == results.Higher.String()):
		return "better"
	}
	return "worse"
}

// Word is the verdict as people read it.
func (r comparedRow) Word() string {
	return map[string]string{"same": "no difference", "better": "better", "worse": "worse", "differs": "differs"}[r.Verdict]
}
