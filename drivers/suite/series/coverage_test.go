package series

import (
	"flag"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	long  = flag.Bool("long", false, "simulate 3,000 runs each instead of some hundred, and hold the coverage to 93 to 97 percent")
	truth = flag.Bool("truth", false, "find the true percentiles of the queues again")
)

// sources are what intervals have to cover. The percentiles of queues are those of 20 million requests: see TestTruth.
var sources = []source{
	{"normal", each(normal), []float64{0, 2.3263}},
	{"lognormal", each(lognormal), []float64{1, 10.240}},
	{"Pareto", each(pareto), []float64{1.5874, 21.544}},
	{"AR(1) 0.5", autoregressive(0.5), []float64{0, 2.3263}},
	{"AR(1) 0.9", autoregressive(0.9), []float64{0, 2.3263}},
	{"M/G/1 at 0.8", queue(1, 0.8, 2000), []float64{3.2570, 24.596}},
	{"M/G/64 at 0.7", queue(64, 0.7, 2000), []float64{0.70758, 4.9024}},
	{"M/G/64 at 0.9", queue(64, 0.9, 4000), []float64{0.75912, 4.9539}},
}

func TestTruth(t *testing.T) {
	if !*truth {
		t.Skip("takes minutes: give -truth")
	}
	for _, s := range sources[5:] {
		x, _ := s.series(rand.New(rand.NewPCG(9, 9)), 20_000_000)
		slices.Sort(x)
		t.Log(s.name, x[len(x)/2], x[len(x)/100*99])
	}
}

// naive makes intervals as if all samples were independent: the ranks that a binomial allows.
func naive(x, _ []float64, p float64) (Interval, error) {
	s, n, q := slices.Sorted(slices.Values(x)), float64(len(x)), p/100
	half := 1.96 * math.Sqrt(n*q*(1-q))
	lo, hi := int(math.Floor(n*q-half))-1, int(math.Ceil(n*q+half))
	if lo < 0 || hi >= len(s) {
		return Interval{}, ErrTooFew
	}
	return Interval{s[lo], s[hi]}, nil
}

func ours(x, inFlight []float64, p float64) (Interval, error) { return New(x, inFlight).Percentile(p) }

// cover simulates runs of n values and returns how many got an interval, and how many of these cover.
func cover(s source, n, runs int, p, truth float64, of func(x, inFlight []float64, p float64) (Interval, error)) (given, covered int) {
	var got, hit, next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for k := next.Add(1); k <= int64(runs); k = next.Add(1) {
				x, inFlight := s.series(rand.New(rand.NewPCG(uint64(k), uint64(n))), n)
				i, err := of(x, inFlight, p)
				if err != nil {
					continue
				}
				got.Add(1)
				if i.Lo <= truth && truth <= i.Hi {
					hit.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return int(got.Load()), int(hit.Load())
}

// TestCoverage: of the intervals that are given, 93 to 97 % cover (give or take three standard errors of the simulation);
// where fewer than a tenth of runs get one, the wrong ones are at most 5 % of all runs, since those are runs that looked
// better than they are. least is the share in percent of runs that get one.
func TestCoverage(t *testing.T) {
	least := map[string][4]int{ // n 1,000: p50, p99; n 10,000: p50, p99
		"normal": {95, 85, 99, 99}, "lognormal": {95, 85, 99, 99}, "Pareto": {95, 85, 99, 99}, "AR(1) 0.5": {90, 0, 99, 95}, "AR(1) 0.9": {0, 0, 95, 70},
		"M/G/1 at 0.8": {0, 0, 70, 0}, "M/G/64 at 0.7": {0, 0, 85, 85}, "M/G/64 at 0.9": {0, 0, 0, 0},
	}
	for _, s := range sources {
		for k, n := range []int{1000, 1000, 10_000, 10_000} {
			runs := 300
			switch {
			case *long:
				runs = 3000
			case n > 1000:
				runs = 100
			}
			p := []float64{50, 99}[k%2]
			given, covered := cover(s, n, runs, p, s.truth[k%2], ours)
			share, coverage := 100*float64(given)/float64(runs), 100*float64(covered)/float64(max(1, given))
			t.Logf("%-13s %6d p%g: given %5.1f%%, cover %5.1f%%", s.name, n, p, share, coverage)
			slack := 3 * math.Sqrt(95*5/float64(max(1, given)))
			if *long {
				slack = 0.5
			}
			switch {
			case share < float64(least[s.name][k]):
				t.Errorf("%s, %d values: p%g has an interval in %.0f%% of runs", s.name, n, p, share)
			case share >= 10 && (coverage < 93-slack || coverage > 97+slack):
				t.Errorf("%s, %d values: the intervals of p%g cover in %.1f%% of runs", s.name, n, p, coverage)
			case share < 10 && float64(given-covered) > 0.05*float64(runs):
				t.Errorf("%s, %d values: %d wrong intervals of p%g in %d runs", s.name, n, given-covered, p, runs)
			}
		}
	}
}

// TestNaiveDoesNotCover: the simulation finds out intervals that take the samples for independent.
func TestNaiveDoesNotCover(t *testing.T) {
	for _, c := range []struct {
		source int
		p      float64
		most   float64 // percent that cover
	}{{4, 50, 50}, {4, 99, 65}, {5, 50, 40}, {5, 99, 25}, {7, 50, 55}} {
		s := sources[c.source]
		given, covered := cover(s, 10_000, 60, c.p, s.truth[int(c.p)/99], naive)
		coverage := 100 * float64(covered) / float64(given)
		t.Logf("%s p%g: %.0f%%", s.name, c.p, coverage)
		if coverage > c.most+12 {
			t.Errorf("%s: %.0f%% of naive intervals of p%g cover: the simulation is too easy", s.name, coverage, c.p)
		}
	}
}

// TestMeansCover: the same for the mean.
func TestMeansCover(t *testing.T) {
	mean := func(x, inFlight []float64, _ float64) (Interval, error) { return New(x, inFlight).Mean() }
	for k, want := range []float64{0, math.Sqrt(math.E), 3, 0, 0, 5, 1, 1.046} {
		s := sources[k]
		runs := 200
		if *long {
			runs = 3000
		}
		for _, n := range []int{1000, 10_000} {
			if n > 1000 && !*long {
				runs = 60
			}
			given, covered := cover(s, n, runs, 0, want, mean)
			share, coverage := 100*float64(given)/float64(runs), 100*float64(covered)/float64(max(1, given))
			t.Logf("%-13s %6d mean: given %5.1f%%, cover %5.1f%%", s.name, n, share, coverage)
			if slack := 3 * math.Sqrt(95*5/float64(max(1, given))); share >= 10 && (coverage < 93-slack || coverage > 97+slack) {
				t.Errorf("%s, %d values: the intervals of the mean cover in %.1f%% of runs", s.name, n, coverage)
			}
			if share < 10 && float64(given-covered) > 0.05*float64(runs) {
				t.Errorf("%s, %d values: %d wrong intervals of the mean in %d runs", s.name, n, given-covered, runs)
			}
		}
	}
}
