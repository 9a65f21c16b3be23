package suite

import (
	"math"
	"math/rand/v2"
	"time"
)

// Arrivals are the n times, counted from the start, at which requests should be sent at a rate in requests/s: gaps drawn
// from Gamma(burstiness, 1/(rate*burstiness)), then stretched so that the last lies at exactly n/rate. Burstiness 1 is a
// Poisson process, below 1 comes in bursts, +Inf has equal gaps. The times are fixed before the first request and never
// moved: a client that falls behind is late, and reports it.
func Arrivals(r *rand.Rand, n int, rate, burstiness float64) []time.Duration {
	at := make([]float64, n)
	sum := 0.0
	for i := range at {
		gap := 1.0
		if !math.IsInf(burstiness, 1) {
			gap = Gamma(r, burstiness)
		}
		sum += gap
		at[i] = sum
	}
	span := float64(n) / rate * float64(time.Second)
	out := make([]time.Duration, n)
	for i := range out {
		if sum > 0 {
			out[i] = time.Duration(math.Round(at[i] / sum * span))
		} else { // every gap underflowed: one burst, at the end
			out[i] = time.Duration(math.Round(span))
		}
	}
	return out
}

// Gamma draws from Gamma(shape, 1) by the method of Marsaglia and Tsang (2000).
func Gamma(r *rand.Rand, shape float64) float64 {
	if shape < 1 { // Gamma(a) = Gamma(a+1) * U^(1/a)
		return Gamma(r, shape+1) * math.Pow(1-r.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-r.Float64()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
