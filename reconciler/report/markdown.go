package report

import (
	"fmt"
	"strings"
	"time"

	"assay/reconciler/plain"
)

// Markdown is the report for an issue or a chat.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", r.Experiment)
	if r.Verdict != "" {
		fmt.Fprintf(&b, "Verdict: **%s** (%s)\n\n", r.Verdict, r.verdicts())
	}
	if s := r.simulation(); s != "" {
		fmt.Fprintf(&b, "**%s** They say nothing about a real system; each is marked.\n\n", s)
	}
	fmt.Fprintf(&b, "%s %s %s\n\n", r.counted(), strings.TrimSpace(r.changed()+" "+r.worse()), r.older())
	for _, h := range r.headlines() {
		fmt.Fprintf(&b, "- %s, %s: **%s** (%s)\n", plain.Markdown(h.Benchmark), h.What, h.Value, plain.Markdown(h.Where))
	}
	for _, text := range r.Compared {
		fmt.Fprintf(&b, "- %s\n", plain.Markdown(text))
	}
	b.WriteString("\n")
	r.gateTable(&b)
	for _, name := range r.benchmarks() {
		fmt.Fprintf(&b, "## %s\n\nMean over repeats ± half of the 95 %% interval.\n\n", name)
		r.summaryTable(&b, r.of(name))
	}
	r.changeTable(&b)
	r.historyTable(&b)
	if bad := r.invalid(); len(bad) > 0 {
		table(&b, "Not counted", "Run", "Point", "Why")
		for _, row := range bad {
			line(&b, row.Run, pointText(row.Point), why(row))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "Revisions: %s. Written %s.\n", r.revisionText(), r.Generated.UTC().Format(time.RFC3339))
	return b.String()
}

func (r Report) gateTable(b *strings.Builder) {
	if len(r.Gates) == 0 {
		return
	}
	table(b, "Gates", "Benchmark", "Point", "Gate", "Verdict", "Reason")
	for _, g := range r.Gates {
		line(b, g.Benchmark, pointText(g.Point), g.Gate, g.Verdict, g.Reason)
	}
	b.WriteString("\n")
}

func (r Report) summaryTable(b *strings.Builder, all []Summary) {
	cols, head := columnsOf(all), []string{"Point", "Runs"}
	for _, c := range cols {
		head = append(head, c.Heading())
	}
	table(b, "", append(head, "Note")...)
	for _, s := range all {
		cells := []string{pointText(s.Point), fmt.Sprint(s.Runs)}
		for _, c := range cols {
			cells = append(cells, cell(s, c))
		}
		line(b, append(cells, s.marks())...)
	}
	b.WriteString("\n")
}

func (r Report) changeTable(b *strings.Builder) {
	if len(r.Changes) == 0 {
		return
	}
	table(b, "Changes against "+r.Against, "Benchmark", "Point", "Metric", "Before", "Now", "Change", "p")
	for _, c := range r.Changes {
		if c.Refused != "" {
			line(b, c.Benchmark, pointText(c.Point), "", "", "", "not compared: "+c.Refused, "")
			continue
		}
		line(b, c.Benchmark, pointText(c.Point), words(c.Metric), median(*c.Before), median(*c.Now), c.Change(), pValue(c))
	}
	b.WriteString("\n")
}

// table begins one.
func table(b *strings.Builder, title string, head ...string) {
	if title != "" {
		fmt.Fprintf(b, "## %s\n\n", title)
	}
	line(b, head...)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
}

func line(b *strings.Builder, cells ...string) {
	for _, c := range cells {
		b.WriteString("| " + plain.Markdown(c) + " ")
	}
	b.WriteString("|\n")
}

func (r Report) revisionText() string {
	var out []string
	for _, v := range r.Revisions {
		text := v.Hash
		if v.Commit != "" {
			text += " (commit " + v.Commit[:min(len(v.Commit), 12)] + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}
