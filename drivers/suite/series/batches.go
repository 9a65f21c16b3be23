package series

import "slices"

// Sequence is values that can be read again and again, in the order of time, each with how many requests were in flight when its own
// was sent, itself among them.
type Sequence struct {
	N     int
	Each  func(f func(value, inFlight float64))
	Rank  func(k int) float64 // the k-th smallest, from 0
	Limit func(k int) float64 // the largest that counts as equal to it, where values that differ little do
}

// measure reads the values once.
func (s *Series) measure() {
	if s.read {
		return
	}
	s.read = true
	s.values.short, s.values.long, s.inFlight.short = cut(s.N, parts), cut(s.N, batches), cut(s.N, parts)
	s.Each(func(value, inFlight float64) {
		s.values.add(value)
		s.inFlight.add(inFlight)
	})
}

// shares are how many values are below a percentile, or at it, by batch.
type shares struct{ short, long batched }

// of are those of the p-th percentile.
func (s *Series) of(p float64) *shares {
	if s.below[p] == nil {
		s.count(p)
	}
	return s.below[p]
}

// count reads the values once for these percentiles.
func (s *Series) count(percentiles ...float64) {
	slices.Sort(percentiles)
	percentiles = slices.DeleteFunc(slices.Compact(percentiles), func(p float64) bool { return s.below[p] != nil })
	limits := make([]float64, len(percentiles))
	for k, p := range percentiles {
		limits[k] = s.Limit(int(p / 100 * float64(s.N)))
	}
	short, long := newCounter(s.N, parts, len(limits)), newCounter(s.N, batches, len(limits))
	s.Each(func(value, _ float64) {
		above := 0 // of the limits, which ascend
		for above < len(limits) && value > limits[above] {
			above++
		}
		short.add(above)
		long.add(above)
	})
	for k, p := range percentiles {
		s.below[p] = &shares{short.below(k), long.below(k)}
	}
}

// counter counts, in each batch, how many values are above so many of some limits.
type counter struct {
	length, skip, at int
	limits           int
	counts           []int // of each batch one for each limit, and one more
	batch            []int // the part of counts that is added to
}

func newCounter(n, batches, limits int) *counter {
	t := &counter{length: n / batches, skip: n % batches, limits: limits, counts: make([]int, batches*(limits+1))}
	t.batch = t.counts
	return t
}

func (t *counter) add(above int) {
	if t.skip > 0 || t.length == 0 {
		t.skip--
		return
	}
	if t.at == t.length {
		t.at, t.batch = 0, t.batch[t.limits+1:]
	}
	t.at++
	t.batch[above]++
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

func (w *whole) add(v float64) {
	if w.n == 0 {
		w.first = v
	}
	d := v - w.first
	w.n, w.sum, w.square = w.n+1, w.sum+d, w.square+d*d
	w.short.add(v)
	w.long.add(v)
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

func (b *batched) add(v float64) {
	if b.skip > 0 || b.length == 0 {
		b.skip--
		return
	}
	if b.n == 0 {
		b.first = v
	}
	d := v - b.first
	b.n, b.sum, b.square, b.batch = b.n+1, b.sum+d, b.square+d*d, b.batch+d
	if b.at++; b.at == b.length {
		b.means = append(b.means, b.batch/float64(b.length))
		b.at, b.batch = 0, 0
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
