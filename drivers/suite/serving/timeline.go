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
	order []int32 // nil: that of the table
	ends  *endings
	own   bool // the endings are of these rows alone
}

// timeline is in the order of a time of the rows, of which they say whether they are in its order anyhow.
func (s slice) timeline(by func(r *row) time.Duration, known ascent) *timeline {
	t := &timeline{rows: s, ends: &s.ends}
	if s.len() < s.table.len() {
		t.ends, t.own = &endings{scratch: scratch{dir: s.dir}}, true
		s.each(func(r *row) { t.ends.add(by(r), r.ended) })
	}
	if !known.not {
		return t
	}
	times := make([]time.Duration, 0, s.len())
	t.order = make([]int32, 0, s.len())
	s.each(func(r *row) { t.order, times = append(t.order, int32(len(t.order))), append(times, by(r)) })
	slices.SortStableFunc(t.order, func(a, b int32) int { return cmp.Compare(times[a], times[b]) })
	return t
}

// close gives back what it took.
func (t *timeline) close() {
	if t.own {
		t.ends.close()
	}
}

// row is the k-th.
func (t *timeline) row(k int) *row {
	if t.order != nil {
		k = int(t.order[k])
	}
	return t.rows.row(t.rows.from + k)
}

// ordered calls f for every request in order.
func (t *timeline) ordered(f func(r *row)) {
	if t.order == nil {
		t.rows.each(f)
		return
	}
	for k := range t.order {
		f(t.row(k))
	}
}

// each calls f for every request in the order in which they were sent, with how many others were in flight then.
func (t *timeline) each(f func(r *row, others int)) {
	ends, sent, done := t.ends.walk(), 0, 0
	t.ordered(func(r *row) {
		for done < sent && ends.at <= r.sent {
			ends.next()
			done++
		}
		f(r, sent-done)
		sent++
	})
}

// queue is what an open loop was to the server's queue, of a timeline of when requests were due. What the bound on concurrency held back
// waited too.
func (t *timeline) queue() *suite.Queue {
	ends := t.ends.walk()
	next := func() time.Duration {
		at := ends.at
		ends.next()
		return at
	}
	return suite.QueueOf(t.rows.len(), next, func(f func(due, ended time.Duration)) {
		t.ordered(func(r *row) { f(r.due, r.ended) })
	})
}
