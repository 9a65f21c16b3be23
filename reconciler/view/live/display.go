package live

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"assay/reconciler/plain"
	"assay/reconciler/view/text"
)

// Display shows rows in place on a terminal. Elsewhere it prints a line whenever an object's state, or the reason for it,
// changes.
type Display struct {
	mu      sync.Mutex
	out     io.Writer
	screens []*text.Screen
	tty     bool
	colours bool
	start   time.Time
	rows    []Row                // as they were shown last
	drawn   []string             // lines of the block, which the next drawing replaces
	size    Size                 // of the terminal when it was drawn
	shown   map[string]Line      // where there is no terminal
	since   map[string]time.Time // when an object came into its state
	state   map[string]string
}

// New shows on out. What is written to the other screens meanwhile is on the same terminal.
func New(out io.Writer, others ...io.Writer) *Display {
	d := &Display{out: text.Raw(out), tty: text.IsTerminal(out), colours: text.Colours(out), start: time.Now(),
		shown: map[string]Line{}, since: map[string]time.Time{}, state: map[string]string{}}
	for _, w := range append([]io.Writer{out}, others...) {
		if s, ok := w.(*text.Screen); ok && d.tty && text.IsTerminal(s) {
			d.screens = append(d.screens, s)
			s.Between(d.above)
		}
	}
	return d
}

// Terminal reports whether rows are drawn; else lines are printed.
func (d *Display) Terminal() bool { return d.tty }

// Rows replaces what a terminal shows.
func (d *Display) Rows(rows []Row) {
	if !d.tty {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	rows = slices.Clone(rows)
	for i, r := range rows {
		if at, known := d.since[r.Object]; !known || d.state[r.Object] != r.State {
			d.since[r.Object], d.state[r.Object] = now.Add(-r.Age), r.State
		} else {
			rows[i].Age = now.Sub(at)
		}
	}
	d.rows = rows
	d.draw()
}

// Redraw is for when the terminal has another size.
func (d *Display) Redraw() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.rows) > 0 && len(d.drawn) > 0 {
		d.draw()
	}
}

// Lines prints those whose state or reason is another one than last time, where there is no terminal.
func (d *Display) Lines(lines []Line) {
	if d.tty {
		return
	}
	for _, l := range lines {
		l.Object, l.State, l.Detail = plain.Line(l.Object), plain.Line(l.State), plain.Line(l.Detail)
		if last, known := d.shown[l.Object]; !known || last.State != l.State || last.Reason != l.Reason {
			fmt.Fprintf(d.out, "%6s  %-32s %-20s %s\n", text.Duration(time.Since(d.start)), l.Object, l.State, l.Detail)
		}
		d.shown[l.Object] = l
	}
}

// Pause leaves the drawing where it is: what is printed next, and the next drawing, are below it.
func (d *Display) Pause() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drawn = nil
}

// Close ends the display. The last drawing stays.
func (d *Display) Close() {
	d.mu.Lock()
	d.drawn, d.rows = nil, nil
	d.mu.Unlock()
	for _, s := range d.screens {
		s.Between(nil)
	}
}

// above writes something else: where the block is, which comes below it again.
func (d *Display) above(write func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.drawn) == 0 {
		write()
		return
	}
	fmt.Fprint(d.out, d.erase())
	d.drawn = nil
	write()
	d.draw()
}

// draw replaces the block, if it changes.
func (d *Display) draw() {
	size := SizeOf(d.out)
	lines := Fit(d.rows, size, d.colours)
	if size == d.size && slices.Equal(lines, d.drawn) {
		return
	}
	begin := d.erase()
	if size == d.size && len(d.drawn) > 0 { // line by line, which does not flicker
		begin = fmt.Sprintf("\r\x1b[%dA", len(d.drawn))
	}
	var b strings.Builder
	b.WriteString(begin)
	for _, l := range lines {
		b.WriteString("\x1b[2K" + l + "\n")
	}
	if len(lines) < len(d.drawn) {
		b.WriteString("\x1b[J")
	}
	d.drawn, d.size = lines, size
	fmt.Fprint(d.out, b.String())
}

// erase takes the block away. On a terminal that became narrower a line of it takes several.
func (d *Display) erase() string {
	if len(d.drawn) == 0 {
		return ""
	}
	size := SizeOf(d.out)
	up := 0
	for _, l := range d.drawn {
		up += max(1, (text.Width(text.Unpainted(l))+size.Columns-1)/size.Columns)
	}
	return fmt.Sprintf("\r\x1b[%dA\x1b[J", min(up, max(1, size.Lines-1)))
}

// SizeOf is that of a terminal; 24 lines of 80 columns where it does not say.
func SizeOf(out io.Writer) Size {
	lines, columns := text.Size(out)
	return Size{Lines: lines, Columns: columns}
}
