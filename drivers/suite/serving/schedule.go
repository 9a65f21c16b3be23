package serving

import (
	"math"
	"math/rand/v2"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite"
)

// schedule is when the requests of a run are to be sent, after its start; nil for a closed loop.
func schedule(v *v1alpha1.Serving, d *dataset, r *rand.Rand) []time.Duration {
	n := v.Prompts
	switch {
	case v.Dataset == "timed-trace":
		out := make([]time.Duration, n)
		for i := range out {
			out[i] = d.entries[i].at
		}
		return out
	case v.RampUp != nil:
		return ramp(r, n, *v.RampUp, v.Burstiness)
	case len(v.Stages) > 0:
		var out []time.Duration
		start := time.Duration(0)
		for _, s := range v.Stages {
			for _, at := range suite.Arrivals(r, s.Prompts, float64(s.Rate), v.Burstiness) {
				out = append(out, start+at)
			}
			start = out[len(out)-1]
		}
		return out
	case !v.Rate.Inf():
		return suite.Arrivals(r, n, float64(v.Rate), v.Burstiness)
	}
	return nil
}

// ramp raises the rate from request to request, in equal steps or by equal factors, as vLLM does. It is not stretched, so
// that the rate at each request is the declared one.
func ramp(r *rand.Rand, n int, u v1alpha1.RampUp, burstiness float64) []time.Duration {
	out := make([]time.Duration, n)
	sum := 0.0
	for i := range out {
		done := float64(i) / math.Max(1, float64(n-1))
		rate := float64(u.From) + (float64(u.To)-float64(u.From))*done
		if u.Strategy == "exponential" {
			rate = float64(u.From) * math.Pow(float64(u.To)/float64(u.From), done)
		}
		gap := 1 / rate
		if !math.IsInf(burstiness, 1) {
			gap = suite.Gamma(r, burstiness) / (rate * burstiness)
		}
		sum += gap
		out[i] = time.Duration(sum * float64(time.Second))
	}
	return out
}
