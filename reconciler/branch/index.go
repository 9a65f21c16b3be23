package branch

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"

	"assay/reconciler/plain"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

const (
	indexName = "INDEX.md"
	indexHead = "# Results\n\nA line for each revision of which everything was measured, as assay sync --results-branch writes them.\n\n" +
		"| Experiment | Commit | Author | Subject | Measured | Runs | Figures | Verdict | Files |\n|---|---|---|---|---|---|---|---|---|\n"
)

// line is a revision in the index.
type line struct {
	name    string // of its files, without what they end with
	rev     store.Revision
	rows    []results.Row
	verdict string
}

// index is the lines of INDEX.md, in order: those that others wrote are kept as they are.
type index struct {
	all []string
	at  map[string]int // name -> where
}

// linked finds the files of a line.
var linked = regexp.MustCompile(`\]\(([^()\s]+)\.json\)`)

func readIndex(page []byte) index {
	x := index{at: map[string]int{}}
	for text := range bytes.Lines(page) {
		found := linked.FindSubmatch(text)
		if found == nil || text[0] != '|' {
			continue
		}
		x.at[string(found[1])] = len(x.all)
		x.all = append(x.all, strings.TrimSuffix(string(text), "\n"))
	}
	return x
}

func (x *index) has(name string) bool {
	_, there := x.at[name]
	return there
}

// put adds a line, or replaces the one of the same revision.
func (x *index) put(l line) {
	i, there := x.at[l.name]
	if !there {
		i = len(x.all)
		x.at[l.name], x.all = i, append(x.all, "")
	}
	x.all[i] = l.text()
}

func (x *index) page() []byte { return []byte(indexHead + strings.Join(x.all, "\n") + "\n") }

func (l line) text() string {
	valid, last := 0, time.Time{}
	for _, r := range l.rows {
		if r.Valid {
			valid++
		}
		if r.Ended.After(last) {
			last = r.Ended
		}
	}
	runs := fmt.Sprint(valid)
	if valid < len(l.rows) {
		runs = fmt.Sprintf("%d of %d valid", valid, len(l.rows))
	}
	cells := []string{l.rev.Experiment, short(l.rev.Origin.Commit, 12), l.rev.Origin.Author, l.rev.Origin.Subject, last.UTC().Format(time.DateTime), runs, figures(l.rows), l.verdict}
	var b strings.Builder
	for _, c := range cells {
		b.WriteString("| " + plain.Markdown(c) + " ")
	}
	fmt.Fprintf(&b, "| [report](%s.md), [data](%s.json) |", l.name, l.name)
	return b.String()
}

// figures are the main metrics of each benchmark at each point, as medians over its runs.
func figures(rows []results.Row) string {
	var out []string
	for _, g := range results.Groups(rows) {
		medians := map[string]float64{}
		for _, metric := range g.Metrics() {
			medians[metric] = results.Middle(g.Runs(), metric).Center
		}
		text := results.Brief(medians)
		if g.Simulated() {
			text += " (simulated)"
		}
		out = append(out, g.Name()+": "+text)
	}
	return strings.Join(out, "; ")
}
