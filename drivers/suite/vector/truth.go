package vector

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// space is a measure of distance: smaller is nearer.
type space struct {
	distance func(a, b []float32) float64
	// rounding is the error of a distance besides that of its own last digits: the rest of large numbers that cancel.
	rounding func(a, b []float32) float64
}

const roundingError = 1e-6 // of sums of float32

// distanceIn is l2 (squared), cosine or ip, as in Chroma.
func distanceIn(name string) space {
	switch name {
	case "cosine":
		return space{func(a, b []float32) float64 {
			norm := norms(a, b)
			if norm == 0 {
				return 1
			}
			return 1 - float64(dot(a, b))/norm
		}, func(_, _ []float32) float64 { return roundingError }}
	case "ip":
		return space{func(a, b []float32) float64 { return 1 - float64(dot(a, b)) },
			func(a, b []float32) float64 { return roundingError * norms(a, b) }}
	}
	return space{func(a, b []float32) float64 { return float64(squared(a, b)) }, func(_, _ []float32) float64 { return 0 }}
}

func norms(a, b []float32) float64 { return math.Sqrt(float64(dot(a, a)) * float64(dot(b, b))) }

// dot and squared add up in four lanes: four times as fast, and more exact, than one.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}

func squared(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		d0, d1, d2, d3 := a[i]-b[i], a[i+1]-b[i+1], a[i+2]-b[i+2], a[i+3]-b[i+3]
		s0 += d0 * d0
		s1 += d1 * d1
		s2 += d2 * d2
		s3 += d3 * d3
	}
	for ; i < len(a); i++ {
		d := a[i] - b[i]
		s0 += d * d
	}
	return (s0 + s1) + (s2 + s3)
}

// truth is the exact answer: for each query how far away its k nearest vectors are.
type truth struct {
	data, queries matrix
	k             int
	measure       space
	below         int         // the filter: only rows in buckets below it; 0: all
	nearest       [][]float64 // by query: up to k distances in order
}

// findTruth compares every query with every vector, on all cores.
func findTruth(ctx context.Context, t *truth, done func(queries int)) error {
	t.nearest = make([][]float64, t.queries.rows())
	var next, finished atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for ctx.Err() == nil {
				q := int(next.Add(1)) - 1
				if q >= t.queries.rows() {
					return
				}
				for i := range t.data.rows() {
					if t.counts(i) {
						t.nearest[q] = t.insert(t.nearest[q], t.measure.distance(t.queries.row(q), t.data.row(i)))
					}
				}
				done(int(finished.Add(1)))
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// givenTruth takes the nearest rows of each query from a file. A file of another space or of other vectors would make every
// answer look right, or wrong, so a few queries are checked by brute force.
func givenTruth(ctx context.Context, t *truth, rows [][]int) error {
	if len(rows) < t.queries.rows() {
		return fmt.Errorf("it has the neighbours of %d queries, but there are %d", len(rows), t.queries.rows())
	}
	t.nearest = make([][]float64, t.queries.rows())
	for q := range t.nearest {
		if len(rows[q]) < t.k {
			return fmt.Errorf("it has %d neighbours of query %d, not %d (topK)", len(rows[q]), q, t.k)
		}
		for _, row := range rows[q][:t.k] {
			if row < 0 || row >= t.data.rows() {
				return fmt.Errorf("it names row %d, but there are %d", row, t.data.rows())
			}
			t.nearest[q] = t.insert(t.nearest[q], t.measure.distance(t.queries.row(q), t.data.row(row)))
		}
	}
	few, _ := t.queries.split(min(5, t.queries.rows()))
	found := &truth{data: t.data, queries: few, k: t.k, measure: t.measure}
	if err := findTruth(ctx, found, func(int) {}); err != nil {
		return err
	}
	for q := range few.rows() {
		if r := found.recall(q, rows[q], matrix{}, 0); r < 1 {
			return fmt.Errorf("of query %d it has %.0f%% of the %d nearest: it belongs to other vectors or another space", q, 100*r, t.k)
		}
	}
	return nil
}

// selected is how many vectors the filter allows.
func (t *truth) selected() (n int) {
	for row := range t.data.rows() {
		if t.counts(row) {
			n++
		}
	}
	return n
}

// allows reports whether the filter allows all rows of an answer.
func (t *truth) allows(found []int) bool {
	return !slices.ContainsFunc(found, func(row int) bool { return !t.counts(row) })
}

// counts reports whether the filter allows a row.
func (t *truth) counts(row int) bool { return t.below == 0 || bucketOf(row) < t.below }

// insert keeps the k smallest distances in order.
func (t *truth) insert(nearest []float64, d float64) []float64 {
	if len(nearest) == t.k && d >= nearest[t.k-1] {
		return nearest
	}
	if nearest == nil {
		nearest = make([]float64, 0, t.k+1)
	}
	at, _ := slices.BinarySearch(nearest, d)
	nearest = slices.Insert(nearest, at, d)
	return nearest[:min(len(nearest), t.k)]
}

// recall is the share of the k nearest that the first k of found hold: every distinct row that is no farther away than the
// k-th true neighbour, give or take rounding. added are the rows that are stored during the queries, behind the data; the
// first of them, as many as before, were stored when the query was sent. A query must find those; it can find later ones.
func (t *truth) recall(q int, found []int, added matrix, before int) float64 {
	query, nearest := t.queries.row(q), t.nearest[q]
	if before > 0 {
		nearest = slices.Clone(nearest)
	}
	for i := range before {
		if t.counts(t.data.rows() + i) {
			nearest = t.insert(nearest, t.measure.distance(query, added.row(i)))
		}
	}
	if len(nearest) == 0 {
		return 1 // there is nothing to find
	}
	last := nearest[len(nearest)-1]
	limit := last + 1e-5*math.Abs(last)
	seen := map[int]bool{}
	for _, row := range found[:min(len(found), t.k)] {
		if v, ok := t.vector(row, added); ok && t.measure.distance(query, v) <= limit+t.measure.rounding(query, v) {
			seen[row] = true
		}
	}
	return float64(min(len(seen), len(nearest))) / float64(len(nearest))
}

// vector is the vector of a row; false when there is none, or the filter forbids it.
func (t *truth) vector(row int, added matrix) ([]float32, bool) {
	behind := row - t.data.rows()
	switch {
	case row < 0 || !t.counts(row) || behind >= len(added.data)/max(1, added.dim):
		return nil, false
	case behind >= 0:
		return added.row(behind), true
	}
	return t.data.row(row), true
}
