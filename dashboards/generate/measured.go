package main

import (
	"fmt"
	"regexp"

	"assay/reconciler/results"
)

// grafana has Grafana's name of each unit of the catalogue of metrics.
var grafana = map[string]string{"": "short", "ms": "ms", "s": "s", "%": "percent", "tok/s": "suffix: tok/s", "req/s": "reqps",
	"queries/s": "suffix: queries/s", "vectors/s": "suffix: vectors/s", "GiB/s": "GiBs", "kIOPS": "suffix: kIOPS"}

// measured completes a panel with the results that a pattern selects from the catalogue of metrics: the query and, unless
// the panel has one, the unit. A pattern that selects nothing, or metrics of several units, is an error of the panel.
func measured(filter, pattern string, p panel) panel {
	p.metrics, p.q = pattern, means(filter, pattern)
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		p.err = err
		return p
	}
	units := map[string]bool{}
	for _, m := range results.Catalogue() {
		if re.MatchString(m.Name) {
			units[grafana[m.Unit]] = true
		}
	}
	switch {
	case len(units) == 0:
		p.err = fmt.Errorf("%s is not a metric of any suite: see reconciler/results", pattern)
	case len(units) > 1 && p.unit == "":
		p.err = fmt.Errorf("%s selects metrics of several units: give the panel one", pattern)
	}
	for u := range units {
		if p.unit == "" {
			p.unit = u
		}
	}
	return p
}

// means are the means over repeats of the metrics that a pattern names, one series for each metric and point.
func means(filter, pattern string) []query {
	return []query{{marked("avg by (" + point + ", metric, simulated, valid) (assay_run_metric{" + filter + `metric=~"` + pattern + `"})`),
		"{{metric}} {{benchmark}} {{revision}} {{point}}" + mark}}
}
