package view

import (
	"fmt"
	"strings"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/view/live"
)

// searchLines sum up the searches of a benchmark: where each has come to, and what it found.
func searchLines(experiment string, b v1alpha1.BenchmarkStatus) (out []live.Line) {
	for _, s := range b.Searches {
		line := live.Line{Object: experiment + "/" + b.Name + " search", State: "Searched", Reason: s.Reason, Detail: SearchLine(s)}
		if s.Reason == string(plan.InProgress) {
			line.State, line.Reason, line.Detail = "Searching", "", s.Message
		}
		if len(s.Point) > 0 {
			line.Object += " at " + Point(s.Point)
		}
		out = append(out, line)
	}
	return out
}

// searches are what the searches of a benchmark have come to, each with its curve from the lowest load.
func (d describer) searches(b v1alpha1.BenchmarkStatus) {
	for _, s := range b.Searches {
		d.field("Search", "%s", SearchLine(s))
		d.field("  Spent", "%d runs, %.2f node-hours", s.Runs, s.NodeHours)
		for _, l := range s.Loads {
			verdict := l.Verdict
			if l.Why != "" {
				verdict += " (" + l.Why + ")"
			}
			fmt.Fprintf(d.w, "  %-22s %-20s %2d run(s)  %s\n", fmt.Sprintf("%s %g", s.By, l.Load), verdict, l.Runs, partsLine(l.Parts))
		}
	}
}

// SearchLine is a search in one line: its point, how it ended, and what it found.
func SearchLine(s v1alpha1.SearchStatus) string {
	line := s.Reason + ": " + s.Message
	if len(s.Point) > 0 {
		line = Point(s.Point) + "  " + line
	}
	return line
}

// partsLine is how many requests at a load kept each part of the objective, with the interval that decides.
func partsLine(parts []v1alpha1.SearchPart) string {
	var out []string
	for _, p := range parts {
		out = append(out, fmt.Sprintf("%s %.2f%% [%.2f, %.2f] of %d requests, %g%% wanted", p.Part, 100*p.Share, 100*p.Lo, 100*p.Hi, p.Requests, 100*p.Least))
	}
	return strings.Join(out, "; ")
}
