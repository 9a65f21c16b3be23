package v1alpha1

import (
	"fmt"
	"strconv"
	"strings"
)

// Budget bounds what an experiment may use, from its first job on: what is spent, and what its jobs may still use until their
// walltimes. No job is submitted beyond it, and none that runs is cancelled for it. Zero: without bound.
type Budget struct {
	NodeHours float64 `json:"nodeHours,omitempty" validate:"gte=0"`
	GPUHours  float64 `json:"gpuHours,omitempty" validate:"gte=0"`
	Until     Time    `json:"until,omitzero"` // nothing is submitted from then on
}

// IsZero reports whether nothing is bounded.
func (b Budget) IsZero() bool { return b.NodeHours == 0 && b.GPUHours == 0 && b.Until.IsZero() }

// ParseBudget reads what a flag gives: nodeHours=24,gpuHours=96,until=2026-12-24, in any order; each can be left out.
func ParseBudget(text string) (b Budget, err error) {
	for word := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(word), "=")
		switch name {
		case "nodeHours":
			b.NodeHours, err = hours(value)
		case "gpuHours":
			b.GPUHours, err = hours(value)
		case "until":
			b.Until, err = ParseTime(value)
		case "":
			continue
		default:
			err = fmt.Errorf("%s is none of nodeHours, gpuHours and until", brief(name))
		}
		if err != nil {
			return Budget{}, fmt.Errorf("reading the budget %s: %w; write nodeHours=24,gpuHours=96,until=2026-12-24", brief(text), err)
		}
	}
	return b, nil
}

func hours(value string) (float64, error) {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || !(n > 0 && n < 1e9) {
		return 0, fmt.Errorf("%s is not a number of hours", brief(value))
	}
	return n, nil
}

// budget checks that a budget says something.
func (c *checker) budget(b *Budget) {
	if b != nil && b.IsZero() {
		c.bad("spec.budget", "bounds nothing", "give it nodeHours, gpuHours or until")
	}
	if b != nil && (b.NodeHours >= 1e9 || b.GPUHours >= 1e9) {
		c.bad("spec.budget", "is more than assay can count", "leave out what is not bounded")
	}
}

// SpendingStatus is what a budget bounds, in hours of nodes and of GPUs.
type SpendingStatus struct {
	Budget   Budget      `json:"budget"`
	Spent    HoursStatus `json:"spent"`        // by jobs that have ended, and by those that run until now
	Reserved HoursStatus `json:"reserved"`     // what jobs that run or wait may still use, until their walltimes
	Of       string      `json:"of,omitempty"` // the followed source whose budget it is; empty: the experiment's
}

// HoursStatus is an amount of hours, to a tenth.
type HoursStatus struct {
	NodeHours float64 `json:"nodeHours"`
	GPUHours  float64 `json:"gpuHours"`
}
