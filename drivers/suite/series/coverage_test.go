package series

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	long  = flag.Bool("long", false, "simulate enough runs to hold the coverage to 93 to 97 percent, and print it")
	truth = flag.Bool("truth", false, "find the true percentiles of the sources again")
)

// sources are what intervals have to cover. The percentiles of queues are of 20 million requests.
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
		t.Skip("give -truth")
	}
	for _, s := range sources[5:] {
		x, _ := s.series(rand.New(rand.NewPCG(9, 9)), 20_000_000)
		mean, _ := meanVariance(x)
		slices.Sort(x)
		fmt.Println(s.name, mean, x[len(x)/2], x[len(x)/100*99])
	}
}

// naive is how the first build made intervals: as if all samples were independent.
func naive(x, _ []float64, p float64) (Interval, error) {
	s, n, q := slices.Sorted(slices.Values(x)), float64(len(x)), p/100
	half := 1.96 * math.Sqrt(n*q*(1-q))
	lo, hi := int(math.Floor(n*q-half))-1, int(math.Ceil(n*q+half))
	if lo < 0 || hi >= len(s) {
		return Interval{}, ErrTooFew
	}
	return Interval{s[lo], s[hi]}, nil
}

// cover simulates runs and returns the share in percent that got an interval, and the share of those that cover.
func cover(s source, n, runs int, p, truth float64, of func(x, inFlight []float64, p float64) (Interval, error)) (given, covered float64) {
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
	return 100 * float64(got.Load()) / float64(runs), 100 * float64(hit.Load()) / math.Max(1, float64(got.Load()))
}

func TestProto(t *testing.T) {
	for _, s := range sources {
		for _, n := range []int{1000, 10_000} {
			for k, p := range []float64{50, 99} {
				og, oc := cover(s, n, 500, p, s.truth[k], naive)
				g, c := cover(s, n, 500, p, s.truth[k], ours)
				fmt.Printf("%-14s %6d p%g  naive %3.0f %5.1f   given %3.0f%% covered %5.1f\n", s.name, n, p, og, oc, g, c)
			}
		}
	}
}

func ours(x, inFlight []float64, p float64) (Interval, error) { return New(x, inFlight).Percentile(p) }
