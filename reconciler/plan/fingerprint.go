package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"assay/drivers"
	"assay/reconciler/decide"
)

// digest is a short hash of parts; no two different lists of parts have the same input.
func digest(parts ...string) string {
	var room [512]byte
	b := room[:0]
	for _, p := range parts {
		b = append(strconv.AppendInt(b, int64(len(p)), 10), ':')
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// Spec is the service's three fingerprints as one: failures of another spec do not count against this one.
func (s Service) Spec() string { return digest(s.Alloc, s.Proc, s.Settings) }

// runKey identifies a run: a key has at most one result. A changed time limit does not change it, a changed model does.
func runKey(e Experiment, b Benchmark, repeat int, configuration []string, params map[string]string) string {
	words := []string{e.Name, strconv.FormatInt(e.Incarnation, 10), b.Name, strconv.Itoa(repeat)}
	if !e.Round.IsZero() {
		words = append(words, "round", strconv.FormatInt(e.Round.Unix(), 10))
	}
	return digest(slices.Concat(words, configuration, paramWords(params))...)
}

// configuration is what the result of a repeat depends on.
func (p indexedPoint) configuration(b *Benchmark, target *Service) []string {
	words := append([]string{b.Spec, target.Alloc, target.Proc}, p.overlapWords(b)...)
	if b.Other != "" { // two targets can be alike
		words = append(words, "target", b.Target)
	}
	return words
}

// Configuration is what a benchmark measures at a point: a fingerprint of all that the result of a repeat depends on.
type Configuration struct {
	Benchmark, Fingerprint string
	Point                  map[string]string
	Repeats                int           // that are declared
	Design                 decide.Design // how
	Load                   string        // of a search: the name of its load in Point, where any load is meant; empty otherwise
}

// At is the point, with a star for the load of a search.
func (c Configuration) At() map[string]string {
	if c.Load == "" {
		return c.Point
	}
	out := maps.Clone(c.Point)
	if out == nil {
		out = map[string]string{}
	}
	out[c.Load] = "*"
	return out
}

// Configurations are those of an experiment. Where two revisions have the same one they measure the same thing, so their
// runs count for both.
func (e Experiment) Configurations() (out []Configuration) {
	for _, want := range e.wanted() {
		if want.repeat == 1 {
			c := Configuration{want.Name, want.configuration, want.params, want.Repeats, want.Design, ""}
			if want.search != nil {
				c.Load = want.LoadName(want.search.params)
			}
			out = append(out, c)
		}
	}
	return out
}

// runGroup marks the seats of runs that need a job of their own. A dot is in no service's name.
const runGroup = "run."

func isRunSeat(id drivers.Seat) bool { return strings.HasPrefix(id.Group, runGroup) }

func sizeWords(s Size) string {
	return strings.Join([]string{strconv.Itoa(s.Nodes), strconv.Itoa(s.GPUs), strconv.Itoa(s.CPUs), strconv.FormatInt(s.Memory, 10)}, " ")
}
