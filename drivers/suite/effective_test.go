package suite

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestEffective: independent requests are worth about their number, those that miss by the dozen a twelfth of it, and a queue's
// share is enclosed as often as it should be.
func TestEffective(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	clustered := func(n, size int, miss float64) (out []bool) {
		for len(out) < n {
			good := rng.Float64() >= miss
			for range size {
				out = append(out, good)
			}
		}
		return out[:n]
	}
	for _, c := range []struct {
		size   int
		lo, hi float64
	}{{1, 0.6, 1}, {12, 0.04, 0.1}, {50, 0.008, 0.03}} {
		sum := 0.0
		for range 200 {
			sum += float64(Effective(clustered(6000, c.size, 0.1))) / 6000
		}
		if mean := sum / 200; mean < c.lo || mean > c.hi {
			t.Errorf("requests that miss %d at a time are worth %.3f of their number, want %g to %g", c.size, mean, c.lo, c.hi)
		}
	}
	if n := Effective(make([]bool, 100)); n != 100 {
		t.Errorf("100 requests that all missed are worth %d", n)
	}
	if n := Effective(nil); n != 0 {
		t.Errorf("no requests are worth %d", n)
	}
	inside := 0
	const runs, true95 = 400, 0.95
	for range runs { // an AR(1) latency with 0.9, bounded at its 95th percentile
		x, kept, good := rng.NormFloat64(), make([]bool, 5000), 0.0
		for i := range kept {
			x = 0.9*x + math.Sqrt(1-0.81)*rng.NormFloat64()
			if kept[i] = x <= 1.6449; kept[i] {
				good++
			}
		}
		share := good / 5000
		half := 1.96 * math.Sqrt(share*(1-share)/float64(Effective(kept)))
		if math.Abs(share-true95) <= half {
			inside++
		}
	}
	t.Logf("the interval of AR(1) 0.9 covers the share in %.1f %%", 100*float64(inside)/runs)
	if inside < runs*93/100 {
		t.Errorf("the interval covers the share in %d of %d", inside, runs)
	}
}
