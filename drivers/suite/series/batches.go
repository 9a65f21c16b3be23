package series

import "slices"

// Sequence is what is known of values before they are read in the order of time.
type Sequence struct {
	N     int
	Rank  func(k int) float64 // the k-th smallest, from 0
	Limit func(k int) float64 // the largest that counts as equal to it, where values that differ little do
}

// shares are how many values are below a percentile, or at it, by batch.
type shares struct{ short, long batched }

// of are those of the p-th percentile.
func (s *Series) of(p float64) *shares {
	if s.below[p] == nil {
		k := slices.Index(s.percentiles, p)
		if k < 0 {
			panic("series: this percentile was not named before the values were added")
		}
		s.below[p] = &shares{s.short.below(k), s.long.below(k)}
	}
	return s.below[p]
}

// above adds to out how many of some limits, which ascend, each value exceeds.
func above(out []uint8, limits, values []float64) []uint8 {
	for _, v := range values {
		n := uint8(0)
		for _, limit := range limits {
			if v > limit { // of the median nobody can foresee it: this must be no jump
				n++
			}
		}
		out = append(out, n)
	}
	return out
}

// counter counts, in each batch, how many values are above so many of some limits.
type counter struct {
	length, skip, at int
	limits           int
	counts           []int // of each batch one for each limit, and one more
	batch            []int // the part of counts that is added to
}

func newCounter(n, batches, limits int) counter {
	t := counter{length: n / batches, skip: n % batches, limits: limits, counts: make([]int, batches*(limits+1))}
	t.batch = t.counts
	return t
}

func (t *counter) add(above []uint8) {
	if t.length == 0 {
		return
	}
	left := min(t.skip, len(above))
	t.skip, above = t.skip-left, above[left:]
	for len(above) > 0 {
		if t.at == t.length {
			t.at, t.batch = 0, t.batch[t.limits+1:]
		}
		n := min(len(above), t.length-t.at)
		for _, a := range above[:n] {
			t.batch[a]++
		}
		t.at, above = t.at+n, above[n:]
	}
}

// below are the values up to a limit as ones, and the others as zeros.
func (t *counter) below(limit int) batched {
	b := batched{length: t.length}
	for batch := range slices.Chunk(t.counts, t.limits+1) {
		n := 0
		for _, c := range batch[:limit+1] {
			n += c
		}
		b.n, b.sum, b.square = b.n+float64(t.length), b.sum+float64(n), b.square+float64(n)
		b.means = append(b.means, float64(n)/float64(max(1, t.length)))
	}
	return b
}

// whole is the mean and the variance of all values, and what their batches say of how they depend on each other.
type whole struct {
	short, long           batched // of parts and of batches; unused where it has no length
	n, first, sum, square float64 // sums less the first value, so that nothing is lost
}

func (w *whole) add(values []float64) {
	if w.n == 0 && len(values) > 0 {
		w.first = values[0]
	}
	sum, square := w.sum, w.square
	for _, v := range values {
		d := v - w.first
		sum, square = sum+d, square+d*d
	}
	w.n, w.sum, w.square = w.n+float64(len(values)), sum, square
	w.short.add(values)
	w.long.add(values)
}

// meanVariance is of at least one value; the variance is the population's.
func (w *whole) meanVariance() (mean, variance float64) {
	off := w.sum / w.n
	return w.first + off, max(0, w.square/w.n-off*off)
}

// batched are values cut into batches of one length as they come. What does not fill a batch is left out at the beginning.
type batched struct {
	length, skip          int
	at                    int // how many of this batch were added
	first, sum, square, n float64
	batch                 float64   // sum of this batch
	means                 []float64 // of the whole ones, less first
}

// cut cuts n values into so many batches.
func cut(n, batches int) batched {
	return batched{length: n / batches, skip: n % batches, means: make([]float64, 0, batches)}
}

func (b *batched) add(values []float64) {
	if b.length == 0 {
		return
	}
	left := min(b.skip, len(values))
	b.skip, values = b.skip-left, values[left:]
	if b.n == 0 && len(values) > 0 {
		b.first = values[0]
	}
	for len(values) > 0 {
		n := min(len(values), b.length-b.at)
		sum, square, batch := b.sum, b.square, b.batch
		for _, v := range values[:n] {
			d := v - b.first
			sum, square, batch = sum+d, square+d*d, batch+d
		}
		b.sum, b.square, b.batch = sum, square, batch
		b.n, b.at, values = b.n+float64(n), b.at+n, values[n:]
		if b.at == b.length {
			b.means = append(b.means, b.batch/float64(b.length))
			b.at, b.batch = 0, 0
		}
	}
}

// dependence is how many values are worth one independent one: the variance of the mean of one of
// so many batches, as a multiple of what it would be if they were independent; 0 for values that are all the same.
func (b *batched) dependence() float64 {
	if b.n == 0 {
		return 0
	}
	mean := b.sum / b.n
	single := b.square/b.n - mean*mean
	if single <= 1e-12*b.square/b.n { // it is nothing but what rounding left
		return 0
	}
	between := 0.0
	for _, m := range b.means {
		between += (m - mean) * (m - mean)
	}
	return between / float64(len(b.means)-1) * float64(b.length) / single
}
