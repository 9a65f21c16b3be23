package manual

import (
	"fmt"
	"strings"

	"assay/reconciler/results"
)

// prometheusFile is the table of what Prometheus can be asked for. A test compares it with the code, and writes it:
// go test ./reconciler/manual -run Prometheus -update
const prometheusFile = "prometheus.md"

// Metrics is the reference of metrics: those of results, from the catalogue, and those that are exported.
func Metrics() Page {
	var b strings.Builder
	b.WriteString(`# Metrics

## Of results

What a run measures, by suite. Gates, searches and ` + "`assay compare`" + ` take these names, with or without the unit at their end:
` + "`ttft.p99`" + ` is ` + "`ttft_p99_ms`" + `. Where a name holds N, K, P or kind in angle brackets, there is one metric for each value.
`)
	suite := "-"
	for _, m := range results.Catalogue() {
		if m.Suite != suite {
			suite = m.Suite
			fmt.Fprintf(&b, "\n### %s\n\n", suiteTitle(m))
		}
		fmt.Fprintf(&b, "- `%s`%s: %s\n", m.Name, kind(m), escape(m.Meaning))
	}
	exported, err := written.ReadFile("text/" + prometheusFile)
	if err != nil {
		panic("pages: reading the pages in this binary: " + err.Error()) // they were compiled
	}
	return page("metrics", b.String()+"\n"+string(exported))
}

func suiteTitle(m results.Metric) string {
	switch {
	case m.Suite != "":
		return strings.ToUpper(m.Suite[:1]) + m.Suite[1:] + " benchmarks"
	case m.Group == results.Searched:
		return "Searches"
	}
	return "Any benchmark"
}

// kind is the unit of a metric, and which way it improves.
func kind(m results.Metric) string {
	var words []string
	if m.Unit != "" {
		words = append(words, m.Unit)
	}
	if m.Better != results.Neither {
		words = append(words, m.Better.String()+" is better")
	}
	if words == nil {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
