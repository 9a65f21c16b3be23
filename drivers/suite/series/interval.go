package series

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"assay/api/v1alpha1"
)

const (
	confidence = 0.95
	batches    = 10   // that the spread is found from: long ones
	parts      = 50   // that it is judged from whether there are enough samples: more of them err less
	effective  = 200  // independent samples that a series must be worth: a shorter one does not show how it depends on itself
	turnovers  = 30   // times that all requests in flight must have been replaced: a batch must outlast those that it began with
	states     = 120  // independent states of the server, as its number in flight tells, that a series must have met
	prior      = 0.5  // of the proportion below a percentile (Jeffreys): 0 would be Clopper and Pearson's interval, which covers too much
	ofMean     = 600  // independent samples that a series must be worth for its mean: it hangs on few large values
	dominance  = 0.05 // of the squared deviations, at most that of a single value, for the same reason
	least      = 0.1  // dependence that is believed, where values undo one another
)

// Interval encloses a quantity with 95 % confidence, in the unit of the series.
type Interval struct{ Lo, Hi float64 }

// Why a series has no interval. The errors of Percentile and Mean wrap one of these.
var (
	ErrTooFew    = errors.New("too few samples")
	ErrDependent = errors.New("samples that depend on each other for too long")
	ErrHeavy     = errors.New("single values decide the mean")
)

// Series is values of one quantity in the order of time, of requests of which some overlapped.
type Series struct {
	Sequence
	values   whole
	inFlight whole

	percentiles []float64 // that are counted, in ascending order
	limits      []float64 // their values
	short, long counter
	below       map[float64]*shares // by percentile

	new   [2][]float64 // values, and how many were in flight, that were not taken yet: many at a time are taken faster
	above []uint8
}

const taken = 512 // at a time

// New takes the values in the order in which their requests were sent, and how many requests were in flight when each was
// sent, itself among them, and counts the percentiles that are named.
func New(values, inFlight []float64, percentiles ...float64) *Series {
	sorted := slices.Sorted(slices.Values(values))
	rank := func(k int) float64 { return sorted[k] }
	s := Of(Sequence{N: len(values), Rank: rank, Limit: rank}, percentiles...)
	for i, v := range values {
		s.Add(v, inFlight[i])
	}
	return s
}

// Of is New for values that need not be in memory: all of them are added next. It counts the percentiles that are named, and the median.
func Of(values Sequence, percentiles ...float64) *Series {
	s := &Series{Sequence: values, below: map[float64]*shares{}, percentiles: append(slices.Clone(percentiles), 50)}
	slices.Sort(s.percentiles)
	s.percentiles = slices.Compact(s.percentiles)
	if s.N > 0 {
		for _, p := range s.percentiles {
			s.limits = append(s.limits, s.Limit(int(p/100*float64(s.N))))
		}
	}
	s.values.short, s.values.long, s.inFlight.short = cut(s.N, parts), cut(s.N, batches), cut(s.N, parts)
	s.short, s.long = newCounter(s.N, parts, len(s.percentiles)), newCounter(s.N, batches, len(s.percentiles))
	return s
}

// Add adds the next value, with how many requests were in flight when its own was sent, itself among them.
func (s *Series) Add(value, inFlight float64) {
	s.new[0], s.new[1] = append(s.new[0], value), append(s.new[1], inFlight)
	if len(s.new[0]) == taken {
		s.take()
	}
}

// take takes the values that were added.
func (s *Series) take() {
	values, inFlight := s.new[0], s.new[1]
	s.values.add(values)
	s.inFlight.add(inFlight)
	s.above = above(s.above[:0], s.limits, values)
	s.short.add(s.above)
	s.long.add(s.above)
	s.new[0], s.new[1] = values[:0], inFlight[:0]
}

// Percentile is the 95 % interval of a percentile that was named, or of the median. An error says why there is none, and what would help.
func (s *Series) Percentile(p float64) (Interval, error) {
	met, err := s.enough(max(effective, v1alpha1.SamplesFor(p)))
	if err != nil {
		return Interval{}, err
	}
	below := s.of(p)
	n, need := float64(s.N), float64(max(effective, v1alpha1.SamplesFor(p)))
	own := max(below.short.dependence(), 1)
	worth := n / max(own, s.median())
	if worth < need {
		return Interval{}, fmt.Errorf("%w: %.0f are worth %.0f independent ones, and p%g needs %.0f: send about %.0f times as many",
			ErrDependent, n, worth, p, need, math.Ceil(need/worth))
	}
	spread := max(below.long.dependence(), least) * students * students
	q := p / 100
	further := reach{own: own, middle: s.median(), state: n / met, worth: worth / need, met: met / states, beyond: worth * min(q, 1-q)}.unmet()
	return s.ranks(q, n/spread, n/(spread*further*further))
}

// Mean is the 95 % interval of the mean. An error says why there is none, and what would help.
func (s *Series) Mean() (Interval, error) {
	met, err := s.enough(ofMean)
	if err != nil {
		return Interval{}, err
	}
	n := float64(s.N)
	mean, single := s.values.meanVariance()
	if far := math.Max(s.Rank(s.N-1)-mean, mean-s.Rank(0)); far*far > dominance*n*single {
		return Interval{}, fmt.Errorf("%w: one makes up %.0f%% of the spread; read the median", ErrHeavy, 100*far*far/n/single)
	}
	own := max(s.values.short.dependence(), 1)
	worth := n / own
	if worth < ofMean {
		return Interval{}, fmt.Errorf("%w: %.0f are worth %.0f independent ones, and a mean needs %d: send about %.0f times as many",
			ErrDependent, n, worth, ofMean, math.Ceil(ofMean/worth))
	}
	half := students * distuv.UnitNormal.Quantile((1+confidence)/2) * math.Sqrt(max(s.values.long.dependence(), least)*single/n)
	further := reach{own: own, middle: s.median(), state: n / met, worth: worth / ofMean, met: met / states, beyond: worth / 2}.unmet()
	return Interval{mean - half, mean + half*further}, nil
}

// enough checks what holds for every percentile, and returns how many independent states of the server they met.
func (s *Series) enough(need int) (met float64, err error) {
	if n := s.N; n < need {
		return 0, fmt.Errorf("%w: %d, and %d are needed", ErrTooFew, n, need)
	}
	s.take()
	mean, _ := s.inFlight.meanVariance()
	n := float64(s.N)
	if need := turnovers * mean; n < need {
		return 0, fmt.Errorf("%w: %.0f were sent with %.0f in flight, and the server must have replaced those %d times: send %.0f",
			ErrTooFew, n, mean, turnovers, math.Ceil(need))
	}
	if met = n / max(s.inFlight.short.dependence(), 1); met < states {
		return met, fmt.Errorf("%w: the number in flight changed so slowly that they met %.0f independent states of the server, and %d are needed: send about %.0f times as many",
			ErrDependent, met, states, math.Ceil(states/met))
	}
	return met, nil
}

// median is how many values are worth an independent one for being below the median.
func (s *Series) median() float64 { return s.of(50).short.dependence() }

// ranks is the interval of the q-quantile, 0 < q < 1, from as many independent samples as the series is worth for each of its ends:
// the values at the shares below which the quantile may lie, by the posterior of a proportion with Jeffreys' prior.
func (s *Series) ranks(q, below, above float64) (Interval, error) {
	n := s.N
	lo := int(math.Floor(float64(n) * mathext.InvRegIncBeta(below*q+prior, below*(1-q)+1-prior, (1-confidence)/2)))
	hi := int(math.Ceil(float64(n)*mathext.InvRegIncBeta(above*q+1-prior, above*(1-q)+prior, (1+confidence)/2))) - 1
	if hi >= n-1 && above*(1-q) < 1 {
		return Interval{}, fmt.Errorf("%w beyond it", ErrTooFew)
	}
	return Interval{s.Rank(lo), s.Rank(min(hi, n-1))}, nil
}

// students is by how much Student's t is above the normal, at our confidence, for a spread found from the batches.
var students = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: batches - 1}.Quantile((1+confidence)/2) / distuv.UnitNormal.Quantile((1+confidence)/2)

// meanVariance is of at least one value; the variance is the population's.
func meanVariance(values []float64) (mean, variance float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	for _, v := range values {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / float64(len(values))
}
