package drivers

import (
	"fmt"
	"strconv"
	"strings"
)

// Seat is a place that an allocation's job fills.
type Seat struct {
	Experiment string `json:"experiment"`
	Group      string `json:"group"` // the service, or the run, that the job is for
	Slot       int    `json:"slot"`  // from 0, below the service's replicas
	// Renewal is 0 or 1. The two seats of a place take turns: the job that follows one is submitted into the other, so that
	// both can run until the new one serves.
	Renewal int `json:"renewal,omitempty"`
}

// String is experiment/group/slot, and /1 after it in the second seat of a place.
func (s Seat) String() string {
	place := fmt.Sprintf("%s/%s/%d", s.Experiment, s.Group, s.Slot)
	if s.Renewal == 0 {
		return place
	}
	return fmt.Sprintf("%s/%d", place, s.Renewal)
}

// Place is the first of the two seats of a place: it stands for both.
func (s Seat) Place() Seat {
	s.Renewal = 0
	return s
}

// Twin is the other seat of the same place.
func (s Seat) Twin() Seat {
	s.Renewal = 1 - s.Renewal
	return s
}

// ParseSeat reads what String writes, and what an older assay wrote: a fourth part, which was always 0.
func ParseSeat(s string) (Seat, bool) {
	p, renewal := strings.Split(s, "/"), 0
	if len(p) == 4 && (p[3] == "0" || p[3] == "1") {
		renewal = int(p[3][0] - '0')
		p = p[:3]
	}
	if len(p) != 3 || p[0] == "" || p[1] == "" {
		return Seat{}, false
	}
	slot, err := strconv.Atoi(p[2])
	return Seat{p[0], p[1], slot, renewal}, err == nil
}

// Tag is the ownership mark in a job's comment. It holds no secret: other users can read it.
type Tag struct {
	Store    string `json:"store"` // id of the state directory
	Seat     Seat   `json:"seat"`
	Revision string `json:"revision"`
	Nonce    string `json:"nonce"` // identity of this one submission
}

// JobName is the name that people see in squeue. It ends with the store's id, because Slurm's --dependency=singleton goes
// by name and user: without the id two state directories of one account would wait for each other. A job is never found
// by its name, so jobs of an older assay, whose names end with the slot, go on. Slurm keeps 1024 bytes of a name; this one
// has two DNS labels of at most 63 each, two numbers and an id. The second seat of a place has a name of its own: its job
// starts while that of the first runs.
func (t Tag) JobName() string {
	slot := strconv.Itoa(t.Seat.Slot)
	if t.Seat.Renewal > 0 {
		slot += fmt.Sprintf("+%d", t.Seat.Renewal)
	}
	return fmt.Sprintf("assay.%s.%s.%s.%s", t.Seat.Experiment, t.Seat.Group, slot, t.Store)
}

const tagPrefix = "assay:v1"

func (t Tag) String() string {
	return strings.Join([]string{tagPrefix, t.Store, t.Seat.String(), t.Revision, t.Nonce}, " ")
}

// ParseTag reads what String writes, also with a seat in the older form. Any other comment is not a tag.
func ParseTag(comment string) (Tag, bool) {
	f := strings.Split(comment, " ")
	if len(f) != 5 || f[0] != tagPrefix || f[1] == "" || f[4] == "" {
		return Tag{}, false
	}
	seat, ok := ParseSeat(f[2])
	return Tag{Store: f[1], Seat: seat, Revision: f[3], Nonce: f[4]}, ok
}
