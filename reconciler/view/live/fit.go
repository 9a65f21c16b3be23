package live

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"assay/reconciler/view/text"
)

// Size is that of a terminal.
type Size struct{ Lines, Columns int }

// Fit are the lines for rows on a terminal of that size: one a row where there is room, in the order of the rows. Below the
// last line the terminal keeps one for the cursor.
func Fit(rows []Row, size Size, colours bool) []string {
	rows = cleaned(rows)
	most := max(1, size.Lines-1)
	var sums []string
	for _, class := range []Class{Done, Waiting} { // what is summed up when there is no room, in this order
		if len(rows)+len(sums) > most {
			var sum []string
			rows, sum = summed(rows, class)
			sums = append(sum, sums...)
		}
	}
	if len(rows)+len(sums) > most {
		rows, sums = chosen(rows, sums, most)
	}
	c := shared(rows, size.Columns)
	var out []string
	for _, r := range rows {
		out = append(out, c.line(r, colours))
	}
	for _, s := range sums {
		out = append(out, text.Cut(s, c.all))
	}
	return out
}

// summed takes the rows of a class out, and says how many there are of each kind and state.
func summed(rows []Row, class Class) (left []Row, sums []string) {
	var out []Row
	for _, r := range rows {
		if r.Class == class {
			out = append(out, r)
		} else {
			left = append(left, r)
		}
	}
	return left, counted(out)
}

// counted are rows by kind and state, the most first: "12 services Ready".
func counted(rows []Row) (out []string) {
	type what struct{ kind, state string }
	number := map[what]int{}
	var order []what
	for _, r := range rows {
		w := what{r.Kind, r.State}
		if number[w]++; number[w] == 1 {
			order = append(order, w)
		}
	}
	slices.SortStableFunc(order, func(a, b what) int { return cmp.Compare(number[b], number[a]) })
	for _, w := range order {
		out = append(out, fmt.Sprintf("%d %s %s", number[w], plural(w.kind, number[w]), w.state))
	}
	return out
}

func plural(kind string, n int) string {
	switch {
	case n == 1:
		return kind
	case strings.HasSuffix(kind, "h"):
		return kind + "es"
	}
	return kind + "s"
}

// chosen are the rows that matter most; the last line says what is not among them.
func chosen(rows []Row, sums []string, most int) ([]Row, []string) {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.Class, b.Class) })
	kept := max(0, min(len(rows), most-1))
	rest := append(counted(rows[kept:]), sums...)
	return rows[:kept], []string{"… and " + strings.Join(rest, ", ")}
}
