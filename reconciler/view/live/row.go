package live

import "time"

// Class says how much a row matters to who looks: what comes first keeps its line the longest.
type Class int

// The classes, by importance.
const (
	Bad     Class = iota // it failed, or nothing more happens by itself
	Unsure               // nobody knows
	Moving               // something is done about it
	Waiting              // for nodes, or for something else
	Done
)

// Row is one object on a terminal.
type Row struct {
	Object string
	Kind   string // what it is, in the singular, for the line that sums several up
	State  string // one word
	Class  Class
	Age    time.Duration // in this state
	Detail string
	Share  Share
}

// Share is how much of long work is done. Without a total nobody knows, and no bar is drawn.
type Share struct{ Done, Total float64 }

func (s Share) known() bool { return s.Total > 0 }

// Part is the share from 0 to 1.
func (s Share) Part() float64 { return min(1, max(0, s.Done/s.Total)) }

// Line is one object where there is no terminal: it is printed when its state changes, or the reason for that. The reason is
// not shown, the detail says it.
type Line struct{ Object, State, Reason, Detail string }
