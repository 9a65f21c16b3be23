package top

import (
	"fmt"
	"slices"
	"time"

	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// Parts are what can be shown alone.
var Parts = []string{"services", "nodes", "queue"}

// part is a table of a State.
type part struct {
	header []string
	rows   [][]string
}

// Lines are a State in at most so many lines of so many columns; 0: as many as it takes. Of long tables the first rows are
// shown, and how many more there are.
func (s State) Lines(parts []string, lines, columns int, colours bool, now time.Time) []string {
	tables := s.tables(parts, now)
	fit(tables, lines-len(s.Notes))
	var out []string
	for i, t := range tables {
		if i > 0 {
			out = append(out, "")
		}
		out = append(out, text.TableLines(t.header, t.rows, colours)...)
	}
	out = append(out, s.Notes...)
	if lines > 0 {
		out = out[:min(lines, len(out))]
	}
	for i, l := range out {
		if columns > 0 && text.Width(text.Unpainted(l)) > columns {
			out[i] = text.Cut(text.Unpainted(l), columns)
		}
	}
	return out
}

// fit shortens the longest tables until all are in so many lines.
func fit(tables []part, lines int) {
	for left := make([]int, len(tables)); lines > 0; {
		used, longest := len(tables)-1, -1
		for i, t := range tables {
			used += 1 + len(t.rows)
			if longest < 0 || len(t.rows) > len(tables[longest].rows) {
				longest = i
			}
		}
		if used <= lines || longest < 0 || len(tables[longest].rows) < 2 {
			return
		}
		t := &tables[longest]
		cut := 1
		if left[longest] == 0 {
			cut = 2 // one line is for how many there are
		} else {
			t.rows = t.rows[:len(t.rows)-1]
		}
		left[longest] += cut
		t.rows = append(t.rows[:max(0, len(t.rows)-cut)], []string{fmt.Sprintf("… and %d more", left[longest])})
	}
}

func (s State) tables(parts []string, now time.Time) (out []part) {
	if slices.Contains(parts, "services") {
		t := part{header: []string{"SERVICE", "KIND", "READY", "STATUS", "REQ/S", "RUNNING", "WAITING", "TOK/S", "KV CACHE", "CPU", "MEMORY"}}
		for _, v := range s.Services {
			t.rows = append(t.rows, []string{v.Experiment + "/" + v.Name, v.Kind, fmt.Sprintf("%d/%d", v.Ready, v.Replicas), v.State, number(v.Requests, "%.1f"),
				number(v.Running, "%.0f"), number(v.Waiting, "%.0f"), number(v.Tokens, "%.0f"), percent(v.Cache), number(v.CPU, "%.1f cores"), bytes(v.Memory)})
		}
		out = append(out, t)
	}
	if slices.Contains(parts, "nodes") {
		if len(s.GPUs) > 0 {
			t := part{header: []string{"NODE", "GPU", "MODEL", "UTIL", "MEMORY", "OF", "POWER", "HEAT"}}
			for _, g := range s.GPUs {
				t.rows = append(t.rows, []string{g.Node, g.Index, text.Dash(g.Model), number(g.Util, "%.0f%%"), mebibytes(g.Used), mebibytes(g.Total), number(g.Power, "%.0f W"), number(g.Temperature, "%.0f °C")})
			}
			out = append(out, t)
		}
		t := part{header: []string{"NODE", "JOBS", "CPU", "LOAD", "MEMORY", "OF", "GPU POWER"}}
		for _, n := range s.Nodes {
			t.rows = append(t.rows, []string{n.Name, fmt.Sprint(n.Jobs), percent(n.CPU), number(n.Load, "%.1f"), bytes(n.Used), bytes(n.Memory), number(n.Power, "%.0f W")})
		}
		out = append(out, t)
	}
	if slices.Contains(parts, "queue") && (len(s.Queue) > 0 || len(parts) == 1) {
		t := part{header: []string{"QUEUED", "JOB", "SERVICE", "REASON", "STARTS IN ABOUT"}}
		for _, w := range s.Queue {
			queued, starts := "-", "-"
			if w.Submitted != nil {
				queued = text.Duration(now.Sub(*w.Submitted))
			}
			if w.Expected != nil {
				starts = view.About(w.Expected.Sub(now))
			}
			t.rows = append(t.rows, []string{queued, w.Job, w.Experiment + "/" + w.Service, text.Dash(w.Reason), starts})
		}
		out = append(out, t)
	}
	return out
}

func number(v *float64, format string) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf(format, *v)
}

func percent(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", 100**v)
}

func bytes(v *float64) string {
	if v == nil {
		return "-"
	}
	return text.Bytes(int64(*v))
}

func mebibytes(v *float64) string {
	if v == nil {
		return "-"
	}
	return text.Bytes(int64(*v) << 20)
}
