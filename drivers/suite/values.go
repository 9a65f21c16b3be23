package suite

import (
	"fmt"
	"math"
	"slices"

	"assay/api/v1alpha1"
)

const (
	mostExact = 1 << 15 // numbers that are kept as they are
	subBits   = 12      // of a number that tell its bucket, behind its sign and its exponent
	subs      = 1 << subBits
)

// Values are numbers of one quantity, of which they tell any percentile, however many there are. Up to 32,768 are kept, and told
// exactly. Of more the mean, the deviation and the extremes are exact, and a percentile is off by less than a 4,096th of
// itself: they are then counted in buckets of that width. The zero value is empty; it is for one goroutine at a time.
type Values struct {
	exact    []float64 // in ascending order once sorted
	sorted   bool
	n        int
	buckets  *[2 * octaves]*[subs]int64
	least    float64
	most     float64
	zero     float64 // what the sums are less
	sum      float64
	square   float64
	rankings []ranking
}

// octaves are the exponents of a float64, of each sign.
const octaves = 1 << 11

// ranking is an octave with the number of values below it.
type ranking struct{ octave, below int }

// ValuesOf are values that are in memory already, all of them exact. The list is not changed, and not kept unless it ascends.
func ValuesOf(list []float64) *Values {
	return &Values{exact: Ascending(list), sorted: true, n: len(list)}
}

// Add adds one. It allocates nothing but room.
func (v *Values) Add(x float64) {
	v.n++
	if v.buckets == nil {
		if v.exact, v.sorted = append(v.exact, x), false; len(v.exact) > mostExact {
			v.count()
		}
		return
	}
	v.put(x)
}

// count puts what was kept into buckets.
func (v *Values) count() {
	v.buckets, v.zero, v.least, v.most = new([2 * octaves]*[subs]int64), Mean(v.exact), v.exact[0], v.exact[0]
	for _, x := range v.exact {
		v.put(x)
	}
	v.exact = nil
}

func (v *Values) put(x float64) {
	key := ordered(x)
	octave := &v.buckets[key>>(64-12)]
	if *octave == nil {
		*octave = new([subs]int64)
	}
	(*octave)[key>>(64-12-subBits)&(subs-1)]++
	v.least, v.most = min(v.least, x), max(v.most, x)
	d := x - v.zero
	v.sum, v.square, v.rankings = v.sum+d, v.square+d*d, nil
}

// ordered are the bits of a number such that a larger number has larger bits.
func ordered(x float64) uint64 {
	u := math.Float64bits(x)
	if u>>63 != 0 {
		return ^u
	}
	return u | 1<<63
}

// number is the number with such bits.
func number(u uint64) float64 {
	if u>>63 != 0 {
		return math.Float64frombits(u &^ (1 << 63))
	}
	return math.Float64frombits(^u)
}

// Copy is the same values, on their own.
func (v *Values) Copy() *Values {
	c := *v
	c.exact, c.rankings = slices.Clone(v.exact), nil
	if v.buckets != nil {
		c.buckets = new([2 * octaves]*[subs]int64)
		for i, o := range v.buckets {
			if o != nil {
				own := *o
				c.buckets[i] = &own
			}
		}
	}
	return &c
}

// Len is how many there are.
func (v *Values) Len() int { return v.n }

// sort puts those that are exact in order.
func (v *Values) sort() []float64 {
	if !v.sorted {
		slices.Sort(v.exact)
		v.sorted = true
	}
	return v.exact
}

// Mean is the arithmetic mean; 0 without values.
func (v *Values) Mean() float64 {
	if v.buckets == nil {
		return Mean(v.sort())
	}
	return v.zero + v.sum/float64(v.n)
}

// Std is the population's standard deviation; 0 without values.
func (v *Values) Std() float64 {
	if v.buckets == nil {
		return Std(v.sort())
	}
	off := v.sum / float64(v.n)
	return math.Sqrt(max(0, v.square/float64(v.n)-off*off))
}

// Max is the largest; 0 without values.
func (v *Values) Max() float64 {
	if v.n == 0 {
		return 0
	}
	return v.Rank(v.n - 1)
}

// Percentile is the p-th percentile (0..100), interpolated as the function Percentile does. It panics when there are no values.
func (v *Values) Percentile(p float64) float64 {
	if v.buckets == nil {
		return Percentile(v.sort(), p)
	}
	at := p / 100 * float64(v.n-1)
	i := int(math.Floor(at))
	low := v.Rank(i)
	if i+1 >= v.n {
		return low
	}
	return low + (at-float64(i))*(v.Rank(i+1)-low)
}

// Rank is the k-th smallest, from 0. Of values in a bucket it is assumed that they lie evenly.
func (v *Values) Rank(k int) float64 {
	switch {
	case v.buckets == nil:
		return v.sort()[k]
	case k <= 0:
		return v.least
	case k >= v.n-1:
		return v.most
	}
	from, to, before, count := v.bucket(k)
	low, high := max(number(from), v.least), min(number(to), v.most)
	if low <= 0 && high >= 0 { // the bucket of what is nearly nothing
		return 0
	}
	return low + (high-low)*(float64(k-before)+0.5)/float64(count)
}

// Limit is the largest number that cannot be told from the k-th smallest.
func (v *Values) Limit(k int) float64 {
	if v.buckets == nil {
		return v.sort()[k]
	}
	_, to, _, _ := v.bucket(k)
	return min(number(to-1), v.most)
}

// bucket is that of the k-th smallest: the ordered bits with which it begins and those of the next one, how many values lie before it,
// and how many in it.
func (v *Values) bucket(k int) (from, to uint64, before, count int) {
	if v.rankings == nil {
		below := 0
		for octave, o := range v.buckets {
			if o == nil {
				continue
			}
			v.rankings = append(v.rankings, ranking{octave, below})
			for _, n := range o {
				below += int(n)
			}
		}
	}
	i := len(v.rankings) - 1
	for v.rankings[i].below > k {
		i--
	}
	before = v.rankings[i].below
	for sub, n := range v.buckets[v.rankings[i].octave] {
		if before+int(n) > k {
			from = uint64(v.rankings[i].octave)<<(64-12) | uint64(sub)<<(64-12-subBits)
			return from, from + 1<<(64-12-subBits), before, int(n)
		}
		before += int(n)
	}
	panic("ranks are counted from buckets")
}

// Report adds name_{mean,median,std,max,p90,p95,p99,p99.9}_ms of values in milliseconds. Without values it adds nothing,
// and it leaves out the tails for which there are too few (v1alpha1.SamplesFor).
func (v *Values) Report(metrics map[string]float64, name string) {
	if v.n == 0 {
		return
	}
	metrics[name+"_mean_ms"], metrics[name+"_median_ms"] = v.Mean(), v.Percentile(50)
	metrics[name+"_std_ms"], metrics[name+"_max_ms"] = v.Std(), v.Max()
	for _, p := range Tails {
		if v.n >= v1alpha1.SamplesFor(p) {
			metrics[fmt.Sprintf("%s_p%g_ms", name, p)] = v.Percentile(p)
		}
	}
}
