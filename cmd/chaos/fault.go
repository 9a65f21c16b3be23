package main

import (
	"errors"
	"fmt"
	"time"
)

// kind is one way to break something.
type kind struct {
	name, says string
	alone      string // two faults of one word do not overlap: they would undo each other's work
	min, max   int    // seconds until it is undone
	needs      func() string
	do         func(w *world, f fault) (hit, error)
}

// fault is one entry of the schedule.
type fault struct {
	n      int
	kind   kind
	after  time.Duration // since the fault before it
	length time.Duration
	node   string // where, for kinds that break a node
	roll   uint64 // chooses what is hit among what is there
}

// hit is what a fault did.
type hit struct {
	note     string
	services []string     // that have to recover; none: all
	undo     func() error // nil: nothing is to undo
}

// errNothing: what the kind breaks is not there at this moment.
var errNothing = errors.New("nothing there to break")

func (f fault) String() string {
	where := ""
	if f.node != "" {
		where = " " + f.node
	}
	return fmt.Sprintf("#%d %s%s for %s", f.n, f.kind.name, where, f.length.Round(100*time.Millisecond))
}

// pick chooses one by the fault's roll.
func pick[T any](f fault, from []T) (T, error) {
	var none T
	if len(from) == 0 {
		return none, errNothing
	}
	return from[f.roll%uint64(len(from))], nil
}
