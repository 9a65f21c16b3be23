package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/reconciler/chart"
	"assay/reconciler/pages"
	"assay/reconciler/results"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// style and script are all that the page has of each; its policy allows these, by their digests, and nothing else.
var (
	style  = chart.CSS + pages.CSS + pageStyle
	script = pages.Script + chart.Script
	policy = fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'", digest(style), digest(script))
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"point": pointText, "cells": cellOf, "why": why,
	"began": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"date":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") },
	"lower": func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "")) },
	"short": func(s string) string { return s[:min(len(s), 12)] },
	"join":  func(s []string) string { return strings.Join(s, ", ") },
	"title": results.Metric.Heading, "marks": Summary.marks, "words": words, "median": func(m *results.Median) string { return median(*m) }, "p": pValue, "measured": measuredText,
}).Parse(pageText))

// HTML is the report as one page that needs nothing else.
func (r Report) HTML() ([]byte, error) {
	var b bytes.Buffer
	trends := r.trends()
	drawn, folded := history(trends)
	err := page.Execute(&b, map[string]any{
		"CSS": template.CSS(style), "Script": template.JS(script), "Policy": policy,
		"R": r, "Figures": r.Figures(), "Trends": trends, "Drawn": drawn, "Folded": folded, "Worse": r.worse(), "Benchmarks": r.sections(), "Invalid": r.invalid(), "Provenance": r.provenance(), "Headlines": r.headlines(),
		"Counted": r.counted(), "Changed": r.changed(), "Compared": r.Compared, "Older": r.older(), "Verdicts": r.verdicts(), "Simulation": r.simulation(),
	})
	if err != nil {
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	return b.Bytes(), nil
}

// shownCell is a cell of a summary's table: what it is sorted by, and its two lines.
type shownCell struct{ Sort, Mean, Spread string }

func cellOf(s Summary, c results.Metric) shownCell {
	mean, spread := cells(s, c)
	out := shownCell{Mean: mean, Spread: spread}
	if v, ok := s.Metrics[c.Name]; ok {
		out.Sort = strconv.FormatFloat(v.Mean, 'g', -1, 64)
	}
	return out
}

// section is a benchmark's table.
type section struct {
	Name      string
	Summaries []Summary
	Columns   []results.Metric
}

// Broad reports whether the table needs a sheet of paper on its side.
func (s section) Broad() bool { return len(s.Columns) > 9 }

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
		add("model", row.Model)
		add("job", row.JobID)
		add("nodes of the service", strings.Join(nodesOf(row), ","))
		add("GPUs", strings.Join(gpuModels(row), ", "))
		add("GPU driver", strings.Join(gpuDrivers(row), ", "))
		add("CPU", strings.Join(cpuModels(row), ", "))
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
