package review

import (
	"fmt"
	"math"
	"strings"

	"assay/reconciler/gate"
	"assay/reconciler/plain"
	"assay/reconciler/results"
)

// Markdown is the comment under a pull request.
func (r Review) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## assay: %s\n\n%s against %s.\n\n", r.Verdict, side(r.Head), side(r.Base))
	if r.Simulated() {
		b.WriteString("**These figures were measured on a simulator and say nothing about a real system.**\n\n")
	}
	if len(r.Rows) == 0 {
		b.WriteString("It changes no experiment, so nothing was measured.\n")
		return b.String()
	}
	r.comparison(&b)
	r.checks(&b)
	r.sources(&b)
	return b.String()
}

func side(s Side) string {
	text := fmt.Sprintf("**%s** at commit %.10s", plain.Markdown(s.Ref), s.Commit)
	if s.Author != "" {
		text += " by " + plain.Markdown(s.Author)
	}
	if s.Subject != "" {
		text += " (" + plain.Markdown(s.Subject) + ")"
	}
	return text
}

// comparison is the table of the metrics that both sides have.
func (r Review) comparison(b *strings.Builder) {
	head := fmt.Sprintf("| Experiment | Benchmark | Metric | %s | %s | Change | Verdict |\n|---|---|---|---|---|---|---|\n", plain.Markdown(r.Base.Ref), plain.Markdown(r.Head.Ref))
	for _, row := range r.Rows {
		if row.Change == nil {
			continue
		}
		b.WriteString(head)
		head = ""
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", row.Experiment, plain.Markdown(row.where()), plain.Markdown(row.Check), row.Before.text(row.Unit), row.Now.text(row.Unit),
			row.Change.change(), emphasized(row.Verdict))
	}
	if head == "" {
		fmt.Fprintf(b, "\nTypical runs with their 95 %% intervals; a metric may be worse by %s.\n\n", r.Allow)
	}
}

// where is the benchmark with its point.
func (r Row) where() string { return results.Group{Benchmark: r.Benchmark, Point: r.Point}.Name() }

func emphasized(verdict string) string {
	if verdict != gate.NoGo && verdict != gate.Inconclusive {
		return verdict
	}
	return "**" + verdict + "**"
}

// text is an estimate with its interval.
func (e Estimate) text(unit string) string {
	if unit != "" {
		unit = " " + unit
	}
	if math.IsInf(e.Lo, 0) || math.IsInf(e.Hi, 0) {
		return results.Number(e.Center) + unit + " (one run)"
	}
	return fmt.Sprintf("%s [%s, %s]%s", results.Number(e.Center), results.Number(e.Lo), results.Number(e.Hi), unit)
}

// change is a change in percent, with its sign.
func (e Estimate) change() string {
	signed := func(v float64) string {
		if v > 0 {
			return "+" + results.Number(v)
		}
		return results.Number(v)
	}
	if math.IsInf(e.Lo, 0) || math.IsInf(e.Hi, 0) {
		return signed(e.Center) + " % (one run)"
	}
	return fmt.Sprintf("%s [%s, %s] %%", signed(e.Center), signed(e.Lo), signed(e.Hi))
}

// checks says why, of everything but what passed by its figures alone.
func (r Review) checks(b *strings.Builder) {
	for _, row := range r.Rows {
		if row.Change != nil && row.Verdict == gate.Go {
			continue
		}
		verdict := row.Verdict
		if verdict == "" {
			verdict = "no verdict"
		}
		what := row.Experiment
		if row.Benchmark != "" {
			what += ", " + row.where()
		}
		fmt.Fprintf(b, "- %s: %s, %s: %s\n", emphasized(verdict), plain.Markdown(what), plain.Markdown(row.Check), plain.Markdown(row.Reason))
	}
	b.WriteString("\n")
}

// sources says what was measured, and where to look.
func (r Review) sources(b *strings.Builder) {
	for _, e := range r.Experiments {
		switch {
		case e.Unchanged:
			fmt.Fprintf(b, "%s is the same on both sides and was not measured.\n", e.Name)
		case e.Head != nil && e.Base == nil:
			fmt.Fprintf(b, "%s is new. All its figures: `assay report %s`\n", e.Name, e.Head.Name)
		case e.Head != nil:
			how := "whose results were there"
			if e.InTurn {
				how = "measured with it, run by run in turn"
			}
			fmt.Fprintf(b, "%s was measured as %s, against %s, %s. All figures: `assay compare %s %s`\n", e.Name, e.Head.Name, e.Base.Name, how, e.Base.Name, e.Head.Name)
		}
	}
}
