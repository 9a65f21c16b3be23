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
}

func (s Seat) String() string { return fmt.Sprintf("%s/%s/%d", s.Experiment, s.Group, s.Slot) }

// ParseSeat reads what String writes, and what an older assay wrote: a fourth part, which was always 0.
func ParseSeat(s string) (Seat, bool) {
	p := strings.Split(s, "/")
	if len(p) == 4 && p[3] == "0" {
		p = p[:3]
	}
	if len(p) != 3 || p[0] == "" || p[1] == "" {
		return Seat{}, false
	}
	slot, err := strconv.Atoi(p[2])
	return Seat{p[0], p[1], slot}, err == nil
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
// has two DNS labels of at most 63 each, a number and an id.
func (t Tag) JobName() string {
	return fmt.Sprintf("assay.%s.%s.%d.%s", t.Seat.Experiment, t.Seat.Group, t.Seat.Slot, t.Store)
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
