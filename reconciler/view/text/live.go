package text

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"assay/reconciler/plain"
)

// Line is one object as it is now: its name, one word for its state, and what more there is to say. Reason is the word for
// why it is so; it is not shown, the detail says it.
type Line struct{ Object, State, Reason, Detail string }

// Live redraws one line an object on a terminal; elsewhere it prints a line whenever an object's state, or the reason for it,
// changes.
type Live struct {
	out   io.Writer
	tty   bool
	width int // of the terminal, in columns
	start time.Time
	drawn int // lines that the next drawing replaces
	shown map[string]Line
	since map[string]time.Time // when an object came into its state
}

// NewLive shows on out.
func NewLive(out io.Writer) *Live {
	return &Live{out: Raw(out), tty: IsTerminal(out), width: 120, start: time.Now(), shown: map[string]Line{}, since: map[string]time.Time{}}
}

// Show replaces what is shown.
func (l *Live) Show(lines []Line) {
	lines = slices.Clone(lines)
	for i, line := range lines {
		line.Object, line.State, line.Detail = plain.Line(line.Object), plain.Line(line.State), plain.Line(line.Detail)
		lines[i] = line
		last, known := l.shown[line.Object]
		if !known || last.State != line.State {
			l.since[line.Object] = time.Now()
		}
		if !known || last.State != line.State || last.Reason != line.Reason {
			if !l.tty {
				fmt.Fprintf(l.out, "%6s  %-32s %-20s %s\n", Duration(time.Since(l.start)), line.Object, line.State, line.Detail)
			}
		}
		l.shown[line.Object] = line
	}
	if l.tty {
		l.draw(lines)
	}
}

// Close leaves the last drawing on the screen; the next one begins below it.
func (l *Live) Close() { l.drawn = 0 }

func (l *Live) draw(lines []Line) {
	if t, ok := l.out.(Terminal); ok && t.Columns() > 20 {
		l.width = t.Columns()
	}
	if f, ok := l.out.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 20 {
			l.width = w
		}
	}
	var b strings.Builder
	if l.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", l.drawn)
	}
	for _, line := range lines {
		text := fmt.Sprintf("%-32s %-20s %6s  %s", line.Object, line.State, Age(l.since[line.Object]), line.Detail)
		if r := []rune(text); len(r) > l.width-1 {
			text = string(r[:l.width-2]) + "…"
		}
		b.WriteString("\x1b[2K" + text + "\n")
	}
	l.drawn = len(lines)
	fmt.Fprint(l.out, b.String())
}
