package serving

import (
	"cmp"
	"slices"
	"time"

	"assay/drivers/suite"
)

// timeline is rows in the order in which they were sent, or were due, and when they ended.
type timeline struct {
	rows  slice
	order []int32         // nil: that of the table
	ends  []time.Duration // in ascending order
}

// timeline is in the order of a time of the rows.
func (s slice) timeline(by func(r *row) time.Duration) *timeline {
	t := &timeline{rows: s, ends: make([]time.Duration, 0, s.len())}
	inOrder, last := true, time.Duration(0)
	s.each(func(r *row) {
		at := by(r)
		t.ends, inOrder, last = append(t.ends, r.ended), inOrder && at >= last, at
	})
	slices.Sort(t.ends)
	if inOrder {
		return t
	}
	times := make([]time.Duration, 0, s.len())
	t.order = make([]int32, 0, s.len())
	s.each(func(r *row) { t.order, times = append(t.order, int32(len(t.order))), append(times, by(r)) })
	slices.SortStableFunc(t.order, func(a, b int32) int { return cmp.Compare(times[a], times[b]) })
	return t
}

// row is the k-th.
func (t *timeline) row(k int) *row {
	if t.order != nil {
		k = int(t.order[k])
	}
	return t.rows.row(t.rows.from + k)
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

// queue is what an open loop was to the server's queue, of a timeline of when requests were due. What the bound on concurrency held back
// waited too.
func (t *timeline) queue() *suite.Queue {
	return suite.QueueOf(t.ends, func(f func(due, ended time.Duration)) {
		for k := range t.ends {
			r := t.row(k)
			f(r.due, r.ended)
		}
	})
}
