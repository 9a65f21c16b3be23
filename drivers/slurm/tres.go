package slurm

import (
	"strconv"
	"strings"
)

// tres are trackable resources with their numbers, such as node=2,gres/gpu=4, and what of them a Site has no field for.
type tres struct {
	nodes, gpus, cpus int
	zero              []string // resources of which none are allowed
	other             []string // memory, licences, GPUs of one type
}

func readTRES(list string) tres {
	var t tres
	for _, item := range listOf(list) {
		name, number, _ := strings.Cut(item, "=")
		field := map[string]*int{"node": &t.nodes, "gres/gpu": &t.gpus, "cpu": &t.cpus}[name]
		n, err := strconv.ParseUint(number, 10, 31)
		switch {
		case err == nil && n == 0:
			t.zero = append(t.zero, name)
		case field == nil || err != nil:
			t.other = append(t.other, item)
		default:
			*field = int(n)
		}
	}
	return t
}

// count reads a number of jobs; none is 0.
func count(value string) int {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}

// least is the smaller of two limits, of which 0 is none.
func least[N ~int | ~int64](a, b N) N {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
