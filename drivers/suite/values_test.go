package suite

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// TestValues: what is told of very many values is what a sorted list of them says, within the width of a bucket; of up to 32,768 it is
// the same to the last bit.
func TestValues(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for name, draw := range map[string]func() float64{
		"lognormal":    func() float64 { return math.Exp(r.NormFloat64()) },
		"normal":       func() float64 { return 50 + r.NormFloat64() },
		"mostly none":  func() float64 { return max(0, r.NormFloat64()-2) },
		"below zero":   func() float64 { return r.NormFloat64() },
		"all the same": func() float64 { return 12.345678 },
		"far apart":    func() float64 { return math.Pow(10, -9+20*r.Float64()) },
	} {
		for _, n := range []int{1, 2, 1000, mostExact, mostExact + 1, 200_000} {
			var v Values
			list := make([]float64, n)
			for i := range list {
				list[i] = draw()
				v.Add(list[i])
			}
			slices.Sort(list)
			within := 0.0
			if n > mostExact {
				within = 1.0 / subs
			}
			near := func(what string, got, want, within float64) {
				if math.Abs(got-want) > within*math.Abs(want)+1e-300 {
					t.Errorf("%d of %s: %s is %v, want %v", n, name, what, got, want)
				}
			}
			for _, p := range []float64{0, 1, 25, 50, 90, 99, 99.9, 100} {
				near("a percentile", v.Percentile(p), Percentile(list, p), within)
			}
			near("the mean", v.Mean(), Mean(list), 1e-9*min(1, within*subs))
			near("the deviation", v.Std()+math.Abs(Mean(list)), Std(list)+math.Abs(Mean(list)), 1e-6*min(1, within*subs))
			near("the largest", v.Max(), list[n-1], 0)
			for _, k := range []int{0, n / 3, n / 2, n - 1} {
				upTo := v.Limit(k)
				below, equal := 0, 0
				for _, x := range list {
					if x <= upTo {
						below++
					}
					if x == list[k] {
						equal++
					}
				}
				if near("a limit", upTo, list[k], within); below <= k || within == 0 && below > k+equal {
					t.Errorf("%d of %s: %d are up to the limit of the %d-th", n, name, below, k)
				}
			}
			c := v.Copy()
			if v.Add(1e9); c.Len() != n || c.Max() != list[n-1] {
				t.Errorf("%d of %s: the copy changes", n, name)
			}
		}
	}
}

// TestValuesAreSmall: a million of them take less than one byte each, and none is allocated for.
func TestValuesAreSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var v Values
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const n = 1_000_000
	for range n {
		v.Add(5 * math.Exp(r.NormFloat64()))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := after.HeapAlloc - before.HeapAlloc; used > n {
		t.Errorf("%d bytes", used)
	}
	if allocated := after.Mallocs - before.Mallocs; allocated > 200 {
		t.Errorf("%d allocations", allocated)
	}
	if v.Len() != n {
		t.Error(v.Len())
	}
}
