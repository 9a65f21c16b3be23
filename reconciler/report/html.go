package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"assay/reconciler/results"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"point": pointText, "cell": cell, "columns": columnsOf, "why": why,
	"date":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") },
	"lower": func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "")) },
	"short": func(s string) string { return s[:min(len(s), 12)] },
	"join":  func(s []string) string { return strings.Join(s, ", ") },
	"title": results.Metric.Heading, "marks": Summary.marks, "words": words, "median": func(m *results.Median) string { return median(*m) }, "p": pValue, "measured": measuredText,
}).Parse(pageText))

// HTML is the report as one page that needs nothing else.
func (r Report) HTML() ([]byte, error) {
	figures, err := r.Figures()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, map[string]any{
		"R": r, "Figures": figures, "Benchmarks": r.sections(), "Invalid": r.invalid(), "Provenance": r.provenance(), "Headlines": r.headlines(),
		"Counted": r.counted(), "Changed": r.changed(), "Compared": r.Compared, "Older": r.older(), "Verdicts": r.verdicts(), "Simulation": r.simulation(),
	})
	if err != nil {
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	return b.Bytes(), nil
}

// section is a benchmark's table.
type section struct {
	Name      string
	Summaries []Summary
	Columns   []results.Metric
}

func (r Report) sections() (out []section) {
	for _, name := range r.benchmarks() {
		all := r.of(name)
		out = append(out, section{name, all, columnsOf(all)})
	}
	return out
}

// fact is a line of provenance: what, and all values that runs have for it.
type fact struct {
	Name   string
	Values []string
}

// provenance is where the numbers come from: everything that the runs say of hosts, versions and jobs.
func (r Report) provenance() []fact {
	seen := map[string][]string{}
	var order []string
	add := func(name, value string) {
		if value == "" {
			return
		}
		if _, ok := seen[name]; !ok {
			order = append(order, name)
		}
		if !slices.Contains(seen[name], value) {
			seen[name] = append(seen[name], value)
		}
	}
	for _, row := range r.Runs {
		add("revision", row.Revision)
		add("commit", row.Commit)
		add("job", row.JobID)
		add("nodes of the service", strings.Join(row.Nodes, ","))
		for _, set := range []map[string]string{row.Versions, row.Host} {
			for _, k := range results.SortedKeys(set) {
				add(k, set[k])
			}
		}
	}
	var out []fact
	for _, name := range order {
		out = append(out, fact{name, seen[name]})
	}
	return out
}
