package chart

import (
	"fmt"
	"slices"
	"time"
)

// State says how a span is drawn.
type State int

// The states of a span.
const (
	Waiting State = iota // in a queue, or starting
	Running
	Ended
	Failed
)

func (s State) String() string { return [...]string{"waiting", "running", "ended", "failed"}[s] }

// Span is something that lasted, or lasts.
type Span struct {
	Name  string // in its tip
	State State
	From  time.Time
	To    time.Time // zero: until now
	Limit time.Time // until when it may last: its walltime; zero: without
	Note  string    // more for its tip
}

// Lane is a line of spans, as the jobs of one seat.
type Lane struct {
	Name  string
	Spans []Span
}

// Times is a chart of lanes over time.
type Times struct {
	Name  string
	Now   time.Time
	Lanes []Lane
	Width float64 // of the drawing, where it is not for a phone too
}

// A lane has a line for its name, and one for each row of spans.
const laneName, rowHeight = 14.0, 13.0

// Timeline draws when spans were and until when they may be: a thin line goes on to the walltime, and one across is now. Spans of
// one lane that overlap, as at a hand-over, lie in rows below each other.
func Timeline(t Times) html {
	from, to := t.ends()
	if from.IsZero() {
		return ""
	}
	f := &frame{w: max(width, t.Width), h: 28}
	rows := make([][]int, len(t.Lanes))
	tall := make([]int, len(t.Lanes))
	for i, lane := range t.Lanes {
		rows[i], tall[i] = stacked(lane.Spans, t.Now)
		f.h += laneName + rowHeight*float64(tall[i]) + 2
	}
	f.x = scale{from: 0, to: to.Sub(from).Seconds(), lo: 4, hi: f.w - 4}
	f.y = scale{lo: f.h - 20, hi: 0, to: 1}
	f.open("div", "class", "chart-box")
	f.begin(t.Name, true)
	f.times(from, to)
	if x := f.x.at(t.Now.Sub(from).Seconds()); !t.Now.After(to) {
		f.tag("line", "class", "chart-now", "x1", x, "x2", x, "y1", 0.0, "y2", f.y.lo)
	}
	first, y := true, 0.0
	for i, lane := range t.Lanes {
		f.words(lane.Name, f.x.lo, y+11, "start", "class", "chart-lane")
		for k, s := range lane.Spans {
			f.span(s, t.Now, from, y+laneName+float64(rows[i][k])*rowHeight, first)
			first = false
		}
		y += laneName + rowHeight*float64(tall[i]) + 2
	}
	f.shut("svg")
	f.shut("div")
	return f.html()
}

// until is the end of a span, or now.
func (s Span) until(now time.Time) time.Time {
	if s.To.IsZero() {
		return now
	}
	return s.To
}

func (t Times) ends() (from, to time.Time) {
	for _, lane := range t.Lanes {
		for _, s := range lane.Spans {
			if from.IsZero() || s.From.Before(from) {
				from = s.From
			}
			for _, end := range []time.Time{s.until(t.Now), s.Limit} {
				if end.After(to) {
					to = end
				}
			}
		}
	}
	if !to.After(from) {
		to = from.Add(time.Second)
	}
	return from, to
}

// stacked gives each span of a lane the first row that is free when it begins, and says how many rows there are.
func stacked(spans []Span, now time.Time) (rows []int, n int) {
	var free []time.Time // of each row
	for _, s := range spans {
		row := slices.IndexFunc(free, func(end time.Time) bool { return !s.From.Before(end) })
		if row < 0 {
			row, free = len(free), append(free, time.Time{})
		}
		free[row] = s.until(now)
		rows = append(rows, row)
	}
	return rows, len(free)
}

func (f *frame) span(s Span, now, from time.Time, y float64, first bool) {
	const thick = rowHeight - 3
	x1, x2 := f.x.at(s.From.Sub(from).Seconds()), f.x.at(s.until(now).Sub(from).Seconds())
	tip := s.tip(now)
	f.open("g", append([]any{"class", "chart-point chart-" + s.State.String()}, reach(first)...)...)
	f.text("title", tip)
	if s.To.IsZero() && s.Limit.After(now) {
		end := f.x.at(s.Limit.Sub(from).Seconds())
		f.tag("path", "class", "chart-limit", "d", fmt.Sprintf("M%s %sH%sM%s %sv%s", place(x2), place(y+thick/2), place(end), place(end), place(y), place(thick)))
	}
	f.tag("rect", "class", "chart-span", "x", x1, "y", y, "width", max(2, x2-x1), "height", thick, "rx", 2.0)
	f.shut("g")
}

func (s Span) tip(now time.Time) string {
	text := fmt.Sprintf("%s\n%s for %s, from %s", s.Name, s.State, s.until(now).Sub(s.From).Round(time.Second), s.From.UTC().Format("2006-01-02 15:04:05 MST"))
	if !s.Limit.IsZero() {
		text += "\nwalltime until " + s.Limit.UTC().Format("2006-01-02 15:04:05 MST")
	}
	if s.Note != "" {
		text += "\n" + s.Note
	}
	return text
}

// times are the ticks of an axis of time: round by the clock.
func (f *frame) times(from, to time.Time) {
	f.open("g", "class", "chart-axes", "aria-hidden", "true")
	step := 30 * 24 * time.Hour
	for _, s := range []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour} {
		if to.Sub(from) <= 7*s {
			step = s
			break
		}
	}
	layout := "15:04:05"
	switch {
	case step >= 24*time.Hour:
		layout = "Jan 2"
	case to.Sub(from) > 24*time.Hour:
		layout = "Jan 2 15:04"
	case step >= time.Minute:
		layout = "15:04"
	}
	for at := from.UTC().Truncate(step).Add(step); !at.After(to); at = at.Add(step) {
		x := f.x.at(at.Sub(from).Seconds())
		f.tag("line", "x1", x, "x2", x, "y1", 0.0, "y2", f.y.lo+3)
		f.words(at.Format(layout), min(max(x, 18), f.w-22), f.h-6, "middle")
	}
	f.shut("g")
}
