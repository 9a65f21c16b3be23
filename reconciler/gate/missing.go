package gate

import (
	"fmt"
	"strconv"
	"strings"

	"assay/reconciler/decide"
	"assay/reconciler/results"
)

// Declared is how often a benchmark was to be measured at a point. The zero value says nothing: nothing is missing then.
type Declared struct {
	Repeats int           // at most
	Design  decide.Design // how they are spread
}

// Missing are the repeats without a run that has ended, in order.
func (d Declared) Missing(group results.Group) (out []int) {
	have := map[int]bool{}
	for _, rows := range [][]results.Row{group.Rows, group.Invalid} {
		for _, r := range rows {
			have[r.Repeat] = true
		}
	}
	for repeat := 1; repeat <= d.Repeats; repeat++ {
		if !have[repeat] {
			out = append(out, repeat)
		}
	}
	return out
}

// look is the chance of a wrong decision that results have now, 0 when this is no moment to decide; and what is missing.
func (d Declared) look(group results.Group) (alpha float64, missing string) {
	if lacks := d.Missing(group); len(lacks) > 0 {
		missing = fmt.Sprintf("%d of %d repeats have not ended: %s", len(lacks), d.Repeats, list(lacks))
	}
	alpha, due := d.Design.Look(len(group.Rows))
	if !due {
		return 0, missing
	}
	return alpha, missing
}

// list writes numbers as 1, 3-5.
func list(all []int) string {
	var out []string
	for i := 0; i < len(all); i++ {
		first := all[i]
		for i+1 < len(all) && all[i+1] == all[i]+1 {
			i++
		}
		word := strconv.Itoa(first)
		if all[i] > first {
			word += "-" + strconv.Itoa(all[i])
		}
		out = append(out, word)
	}
	return strings.Join(out, ", ")
}
