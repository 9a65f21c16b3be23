package plan

import (
	"cmp"
	"slices"
	"strings"

	"assay/drivers"
)

// The order of every input is fixed here, so that none reaches the output.

func sortedExperiments(in []Experiment) []Experiment {
	out := slices.Clone(in)
	slices.SortFunc(out, func(a, b Experiment) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func sortedAttempts(in []Attempt) []*Attempt {
	out := make([]*Attempt, len(in))
	for i := range in {
		out[i] = &in[i]
	}
	slices.SortFunc(out, func(a, b *Attempt) int { return cmp.Or(a.Begun.Compare(b.Begun), strings.Compare(a.Nonce, b.Nonce)) })
	return out
}

func sortedRuns(in []Run) []*Run {
	own := slices.Clone(in) // rules change runs; the caller's stay as they are
	out := make([]*Run, len(own))
	for i := range own {
		out[i] = &own[i]
	}
	slices.SortFunc(out, func(a, b *Run) int { return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID)) })
	return out
}

func compareSeats(a, b drivers.Seat) int {
	return cmp.Or(strings.Compare(a.Experiment, b.Experiment), strings.Compare(a.Group, b.Group), cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Renewal, b.Renewal))
}

// olderJob orders jobs by when they started, were submitted, and by id: the one that has most to lose comes first.
func olderJob(a, b *drivers.Job) int {
	if a.Started.IsZero() != b.Started.IsZero() {
		if a.Started.IsZero() {
			return 1
		}
		return -1
	}
	return cmp.Or(a.Started.Compare(b.Started), a.Submitted.Compare(b.Submitted), cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(string(a.ID), string(b.ID)))
}

// compareWords compares pairs of words, first difference first.
func compareWords(pairs ...string) int {
	for i := 0; i+1 < len(pairs); i += 2 {
		if c := strings.Compare(pairs[i], pairs[i+1]); c != 0 {
			return c
		}
	}
	return 0
}
