package serving

import (
	"cmp"
	"slices"
	"time"
)

// timeline is the rows of a table in the order in which they were sent, and when they ended.
type timeline struct {
	rows  *table
	order []int32         // nil: that of the table
	ends  []time.Duration // in ascending order
}

func timelineOf(rows *table) *timeline {
	t := &timeline{rows: rows, ends: make([]time.Duration, 0, rows.len())}
	inOrder, last := true, time.Duration(0)
	rows.all().each(func(r *row) {
		t.ends = append(t.ends, r.ended)
		inOrder = inOrder && r.sent >= last
		last = r.sent
	})
	slices.Sort(t.ends)
	if inOrder {
		return t
	}
	sent := make([]time.Duration, 0, rows.len())
	t.order = make([]int32, 0, rows.len())
	rows.all().each(func(r *row) { t.order, sent = append(t.order, int32(len(t.order))), append(sent, r.sent) })
	slices.SortStableFunc(t.order, func(a, b int32) int { return cmp.Compare(sent[a], sent[b]) })
	return t
}

// row is the k-th that was sent.
func (t *timeline) row(k int) *row {
	if t.order != nil {
		k = int(t.order[k])
	}
	return t.rows.row(k)
}

// each calls f for every request in the order in which they were sent, with how many others were in flight then.
func (t *timeline) each(f func(r *row, others int)) {
	done := 0
	for k := range t.ends {
		r := t.row(k)
		for done < k && t.ends[done] <= r.sent {
			done++
		}
		f(r, k-done)
	}
}

// changes calls f for every request that begins (1) or ends (-1) in the order of time, at the same time beginnings before ends.
func (t *timeline) changes(f func(at time.Duration, n int)) {
	k, next := 0, time.Duration(0)
	if len(t.ends) > 0 {
		next = t.row(0).sent
	}
	for _, end := range t.ends {
		for k < len(t.ends) && next <= end {
			f(next, 1)
			if k++; k < len(t.ends) {
				next = t.row(k).sent
			}
		}
		f(end, -1)
	}
}
