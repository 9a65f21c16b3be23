package report

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"assay/reconciler/changes"
	"assay/reconciler/chart"
	"assay/reconciler/decide"
	"assay/reconciler/plain"
	"assay/reconciler/results"
)

// overRevisions lays the headlines of each benchmark over the revisions that measured them, and finds where they changed. The series
// of a report are tested together: one that changed nowhere has a change in at most 5 % of reports, however many there are.
func (r *Report) overRevisions() {
	if len(r.measured) < 2 {
		return
	}
	var revisions []changes.Revision
	for _, m := range r.measured {
		one := changes.Revision{Generation: m.Generation, Rows: results.Newest(m.Rows)}
		if i := slices.IndexFunc(r.Revisions, func(v Revision) bool { return v.Generation == m.Generation }); i >= 0 {
			one.Commit, one.Author, one.Subject = plain.Line(r.Revisions[i].Commit), plain.Line(r.Revisions[i].Author), plain.Line(r.Revisions[i].Subject)
		}
		revisions = append(revisions, one)
	}
	for _, metric := range results.Shown(results.Headline, metricsOf(r.Summary)) {
		for _, s := range changes.Bisect(revisions, metric.Name) {
			if len(s.Steps) > 1 && slices.ContainsFunc(r.Summary, func(now Summary) bool { return now.Benchmark == s.Benchmark }) {
				s.Point = plainMap(s.Point)
				r.History = append(r.History, s)
			}
		}
	}
	together(r.History)
	slices.SortStableFunc(r.History, func(a, b changes.Series) int { return cmp.Compare(a.Benchmark, b.Benchmark) })
}

// together takes back the changes that are none as some of many series.
func together(all []changes.Series) {
	least := make([]float64, len(all))
	for i, s := range all {
		least[i] = 1
		for _, step := range s.Steps {
			if step.Change != nil {
				least[i] = min(least[i], step.P)
			}
		}
	}
	for i, q := range results.Adjust(least) {
		for k := range all[i].Steps {
			step := &all[i].Steps[k]
			if step.Change != nil && least[i] > 0 && step.P*q/least[i] > decide.Alpha {
				step.Change, step.By, step.P, step.Worse = nil, 0, 0, false
			}
		}
	}
}

// trend is a line of the table over revisions.
type trend struct {
	changes.Series
	Metric   string // its heading
	Spark    template.HTML
	First    string
	Last     string
	Changes  []change
	Figure   template.HTML // of a series that changed, or of a benchmark without a sweep
	Title    string
	Ordinary string // why there is no change
}

// change is one in words.
type change struct {
	Text  string
	Worse bool
}

func (r Report) trends() (out []trend) {
	for _, s := range r.History {
		t := trend{Series: s, Metric: words(s.Metric), First: results.Number(s.Steps[0].Value), Last: results.Number(s.Steps[len(s.Steps)-1].Value), Changes: changesOf(s)}
		t.Title = strings.TrimSuffix(s.Benchmark+" "+pointText(s.Point), " ") + ": " + t.Metric
		var values []float64
		for _, step := range s.Steps {
			values = append(values, step.Value)
		}
		t.Spark = chart.Sparkline(t.Title, values)
		switch {
		case len(t.Changes) > 0:
		case s.Note != "":
			t.Ordinary = s.Note
		default:
			t.Ordinary = "no change is told from noise"
		}
		if len(t.Changes) > 0 || len(s.Point) == 0 {
			t.Figure = drawn(s, t.Title)
		}
		out = append(out, t)
	}
	return out
}

// mostDrawn is how many series over revisions are drawn in the open; the rest is folded below them.
const mostDrawn = 6

// history are the drawn series: those that became worse first, and of those that changed the largest change.
func history(all []trend) (open, folded []trend) {
	for _, t := range all {
		if t.Figure != "" {
			open = append(open, t)
		}
	}
	slices.SortStableFunc(open, func(a, b trend) int { return cmp.Compare(b.weight(), a.weight()) })
	n := min(len(open), mostDrawn)
	return open[:n], open[n:]
}

// weight is the largest change of a series, above 1e6 where it is for the worse.
func (t trend) weight() (most float64) {
	for _, step := range t.Steps {
		if step.Change == nil {
			continue
		}
		w := min(math.Abs(step.By), 1e5)
		if step.Worse {
			w += 1e6
		}
		most = max(most, w)
	}
	return most
}

func changesOf(s changes.Series) (out []change) {
	for _, step := range s.Steps {
		if step.Change == nil {
			continue
		}
		verb := "rose"
		if step.By < 0 {
			verb = "fell"
		}
		text := fmt.Sprintf("%s by %.1f %% with revision %d", verb, 100*math.Abs(step.By), step.Generation)
		if step.Commit != "" {
			text += ", commit " + step.Commit[:min(len(step.Commit), 12)]
		}
		if step.Author+step.Subject != "" {
			text += " (" + strings.Trim(step.Author+": "+step.Subject, ": ") + ")"
		}
		if step.Worse {
			text += ": worse"
		}
		out = append(out, change{text, step.Worse})
	}
	return out
}

// worse says in one sentence what became worse over the revisions; empty when nothing did.
func (r Report) worse() string {
	n := 0
	for _, s := range r.History {
		if slices.ContainsFunc(s.Steps, func(step changes.Step) bool { return step.Worse }) {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("Over the revisions %d of %d series became worse.", n, len(r.History))
}

// drawn is a series over its revisions, with a line at each change. With one, the axis does not begin at zero: it was told from
// noise, however small it is.
func drawn(s changes.Series, title string) template.HTML {
	plot := chart.Plot{Name: title, Y: chart.Axis{Title: words(s.Metric)}}
	line := chart.Series{Name: words(s.Metric)}
	low, high := math.Inf(1), math.Inf(-1)
	for i, step := range s.Steps {
		low, high = min(low, step.Value), max(high, step.Value)
		name := fmt.Sprintf("%d", step.Generation)
		if step.Commit != "" {
			name += " " + step.Commit[:min(len(step.Commit), 7)]
		}
		plot.X.Names = append(plot.X.Names, name)
		line.Points = append(line.Points, chart.Point{X: float64(i), Y: step.Value, Note: strings.TrimSpace("median of " + many(step.Runs, "run") + "\n" + strings.Trim(step.Author+": "+step.Subject, ": "))})
		if step.Change != nil {
			plot.Marks = append(plot.Marks, chart.Mark{X: float64(i) - 0.5, Word: fmt.Sprintf("%+.1f %%", 100*step.By), Bad: step.Worse})
		}
	}
	plot.X.Title, plot.X.From, plot.X.To = "revision, commit", -0.5, float64(len(s.Steps))-0.5
	if len(plot.Marks) > 0 && high > low {
		plot.Y.From, plot.Y.To = low-(high-low)*0.3, high+(high-low)*0.3
		if low > 0 {
			plot.Y.From = max(0, plot.Y.From)
		}
	}
	plot.Series = []chart.Series{line}
	return chart.Line(plot)
}

// historyTable is the section of the Markdown.
func (r Report) historyTable(b *strings.Builder) {
	if len(r.History) == 0 {
		return
	}
	table(b, "Over revisions", "Benchmark", "Point", "Metric", "Revisions", "First", "Last", "Changes")
	for _, t := range r.trends() {
		var said []string
		for _, c := range t.Changes {
			said = append(said, c.Text)
		}
		line(b, t.Benchmark, pointText(t.Point), t.Metric, fmt.Sprint(len(t.Steps)), t.First, t.Last, cmp.Or(strings.Join(said, "; "), t.Ordinary))
	}
	b.WriteString("\n")
}
