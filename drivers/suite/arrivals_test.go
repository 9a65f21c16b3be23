package suite

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The schedule has n moments, in order, the last at exactly n/rate, and depends on nothing but its arguments.
func TestArrivalsLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 500).Draw(t, "n")
		rate := rapid.Float64Range(0.01, 1e5).Draw(t, "rate")
		burst := rapid.OneOf(rapid.Float64Range(0.001, 50), rapid.Just(math.Inf(1)), rapid.Just(1.0)).Draw(t, "burstiness")
		seed := rapid.Int64().Draw(t, "seed")
		at := Arrivals(Rand(seed, "a"), n, rate, burst)
		if len(at) != n || !slices.IsSorted(at) || at[0] < 0 {
			t.Fatalf("%d moments: %v", len(at), at)
		}
		if want := time.Duration(math.Round(float64(n) / rate * 1e9)); at[n-1] != want {
			t.Fatalf("the last is at %v, want %v", at[n-1], want)
		}
		if !slices.Equal(at, Arrivals(Rand(seed, "a"), n, rate, burst)) {
			t.Fatal("not the same twice")
		}
		if math.IsInf(burst, 1) && n > 1 && math.Abs(float64(at[0])*float64(n)-float64(at[n-1])) > float64(2*n) {
			t.Fatalf("not a metronome: %v", at[:2])
		}
	})
}

// The gaps have the coefficient of variation of a gamma distribution, 1/sqrt(burstiness).
func TestBurstiness(t *testing.T) {
	for _, burst := range []float64{0.25, 1, 4, 100} {
		at := Arrivals(Rand(5, "b"), 20000, 100, burst)
		gaps, last := make([]float64, len(at)), time.Duration(0)
		for i, moment := range at {
			gaps[i], last = (moment - last).Seconds(), moment
		}
		if mean := Mean(gaps); math.Abs(mean-0.01) > 1e-6 {
			t.Errorf("burstiness %g: mean gap %v s", burst, mean)
		}
		got, want := Std(gaps)/Mean(gaps), 1/math.Sqrt(burst)
		if math.Abs(got-want) > 0.05*want {
			t.Errorf("burstiness %g: coefficient of variation %.3f, want %.3f", burst, got, want)
		}
	}
}

func BenchmarkArrivals(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		Arrivals(r, 1000, 100, 1)
	}
}
