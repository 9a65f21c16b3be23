package live

import (
	"fmt"
	"strings"

	"assay/reconciler/plain"
	"assay/reconciler/view/text"
)

const (
	barCells    = 10 // in a bar
	roomForAges = 80 // columns from which on ages are shown
)

// columns are how a terminal's width is shared among the cells of its lines.
type columns struct{ all, object, state int }

// shared gives objects and states what they need, as far as the detail keeps some room.
func shared(rows []Row, width int) columns {
	c := columns{all: max(1, width-1)} // the last column makes some terminals begin a line
	for _, r := range rows {
		c.object, c.state = max(c.object, text.Width(r.Object)), max(c.state, text.Width(r.State))
	}
	c.object, c.state = min(c.object, max(8, c.all*2/5)), min(c.state, max(6, c.all/4))
	return c
}

// line is one row. Nothing that others said can draw: it goes through package plain.
func (c columns) line(r Row, colours bool) string {
	head := text.Pad(text.CutFront(r.Object, c.object), c.object) + "  "
	state := text.Cut(r.State, c.state)
	rest := strings.Repeat(" ", max(0, c.state-text.Width(state))) + "  "
	if c.all+1 >= roomForAges {
		rest += fmt.Sprintf("%6s  ", text.Duration(r.Age))
	}
	room := c.all - text.Width(head)
	rest += bar(r, room-text.Width(state)-text.Width(rest)) + r.Detail
	if text.Width(state) >= room {
		return text.Cut(head+state, c.all)
	}
	rest = strings.TrimRight(text.Cut(rest, room-text.Width(state)), " ")
	if colours {
		state = text.Paint(state, tones[r.Class])
	}
	return strings.TrimRight(head+state+rest, " ")
}

// bar is how much of a row's work is done, in what its detail leaves of the room: a bar, a percentage, or nothing.
func bar(r Row, room int) string {
	if !r.Share.known() {
		return ""
	}
	part := r.Share.Part()
	full := int(part*barCells + 0.5)
	percent := fmt.Sprintf("%3.0f%%  ", 100*part)
	for _, s := range []string{"[" + strings.Repeat("#", full) + strings.Repeat("-", barCells-full) + "] " + percent, percent} {
		if text.Width(s)+text.Width(r.Detail) <= room {
			return s
		}
	}
	return ""
}

// tones are the colours of states.
var tones = map[Class]text.Tone{Bad: text.Bad, Unsure: text.Doubtful, Moving: text.Moving, Waiting: text.Faint, Done: text.Good}

// cleaned are rows whose texts are one line each and draw nothing.
func cleaned(rows []Row) []Row {
	out := make([]Row, len(rows))
	for i, r := range rows {
		r.Object, r.State, r.Detail = plain.Line(r.Object), plain.Line(r.State), plain.Line(r.Detail)
		out[i] = r
	}
	return out
}
