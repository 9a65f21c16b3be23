package decide

import (
	"math"
	"math/rand/v2"
)

// Spread is how much the same thing varies, as shares: 0.02 is 2 %.
type Spread struct{ Within, Between float64 }

// Power says how often a comparison of two sides, each measured as designed, calls a difference: where the one side is
// effect (a share) larger, and where both are equal. It simulates so many comparisons of one metric, the same for the same
// arguments, with the same test as compare. In a design that ends early it looks after every run.
func Power(d Design, s Spread, effect float64, trials int) (found, false float64) {
	r := rand.New(rand.NewPCG(uint64(d.Total()), 7))
	for range trials {
		a, b := s.measure(r, d, 1), s.measure(r, d, 1)
		if d.Differ(a, b, metric) {
			false++
		}
		if d.Differ(a, s.measure(r, d, 1+effect), metric) {
			found++
		}
	}
	return found / float64(trials), false / float64(trials)
}

const metric = "m"

// measure simulates one side.
func (s Spread) measure(r *rand.Rand, d Design, level float64) (out []Run) {
	for i := range max(d.Deployments, 1) {
		luck := s.Between * r.NormFloat64()
		for k := range max(d.Runs, 1) {
			v := level * math.Exp(luck+s.Within*r.NormFloat64())
			out = append(out, Run{Deployment: string(rune('a' + i)), Seed: int64(k), Metrics: map[string]float64{metric: v}})
		}
	}
	return out
}

// Differ reports whether two sides, whose runs are in the order in which they ended, are called different in a metric, at
// the first look that says so or at the end.
func (d Design) Differ(before, now []Run, metric string) bool {
	for n := 1; n <= min(len(before), len(now)); n++ {
		if !d.Early && n < min(len(before), len(now)) {
			continue
		}
		if alpha, due := d.Look(n); due {
			p, ok := Test(before[:n], now[:n], []string{metric}, false).P[metric]
			if ok && p < alpha {
				return true
			}
		}
	}
	return false
}
