package agent

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// gpus are the GPUs of each node. An index that a process takes is taken on every node.
type gpus struct {
	all  []string
	free []string
}

// newGPUs reads what the scheduler gave to the job: a list of devices, or their number.
func newGPUs() *gpus {
	var all []string
	if list := os.Getenv("CUDA_VISIBLE_DEVICES"); list != "" {
		all = strings.Split(list, ",")
	} else if n, err := strconv.Atoi(os.Getenv("SLURM_GPUS_ON_NODE")); err == nil {
		for i := range n {
			all = append(all, strconv.Itoa(i))
		}
	}
	return &gpus{all: all, free: slices.Clone(all)}
}

// take hands out n GPUs. It names none when the scheduler listed none, or when a process that is alone in the job wants
// more than there are: the process then sees what the scheduler lets it see.
func (g *gpus) take(n int) (list []string, enough bool) {
	switch {
	case n == 0 || len(g.all) == 0:
		return nil, true
	case n > len(g.free):
		return nil, len(g.free) == len(g.all) // it asks for more than there is: its own error says so best
	}
	list, g.free = slices.Clone(g.free[:n]), slices.Clone(g.free[n:])
	return list, true
}

func (g *gpus) give(list []string) {
	g.free = append(g.free, list...)
	slices.SortFunc(g.free, func(a, b string) int { return slices.Index(g.all, a) - slices.Index(g.all, b) })
}
