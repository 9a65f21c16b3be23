package series

import (
	"math"
	"math/rand/v2"
)

// source is a kind of time-ordered series: series makes n values of it in its steady state.
type source struct {
	name   string
	series func(r *rand.Rand, n int) (values, inFlight []float64)
	truth  []float64 // its median, its p99 and its mean
}

func each(f func(*rand.Rand) float64) func(*rand.Rand, int) ([]float64, []float64) {
	return func(r *rand.Rand, n int) ([]float64, []float64) {
		out := make([]float64, n)
		for i := range out {
			out[i] = f(r)
		}
		return out, alone(n)
	}
}

func normal(r *rand.Rand) float64    { return r.NormFloat64() }
func lognormal(r *rand.Rand) float64 { return math.Exp(r.NormFloat64()) }
func pareto(r *rand.Rand) float64    { return math.Pow(1-r.Float64(), -1/1.5) } // without a variance

// autoregressive is a normal series each of whose values remembers the last one, with a spread of one.
func autoregressive(phi float64) func(*rand.Rand, int) ([]float64, []float64) {
	return func(r *rand.Rand, n int) ([]float64, []float64) {
		out, x := make([]float64, n), r.NormFloat64()
		for i := range out {
			x = phi*x + math.Sqrt(1-phi*phi)*r.NormFloat64()
			out[i] = x
		}
		return out, alone(n)
	}
}

// service is the time that a request needs: lognormal, with a mean and a spread of one.
func service(r *rand.Rand) float64 {
	v := math.Log(2)
	return math.Exp(math.Sqrt(v)*r.NormFloat64() - v/2)
}

// moments is a heap: the earliest comes first. container/heap would box every number.
type moments []float64

func (m *moments) add(v float64) {
	h := append(*m, v)
	for i := len(h) - 1; i > 0 && h[(i-1)/2] > h[i]; i = (i - 1) / 2 {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
	}
	*m = h
}

// replace puts a moment in the place of the earliest.
func (m moments) replace(v float64) {
	i := 0
	for {
		k := 2*i + 1
		if k+1 < len(m) && m[k+1] < m[k] {
			k++
		}
		if k >= len(m) || m[k] >= v {
			break
		}
		m[i], i = m[k], k
	}
	m[i] = v
}

func (m *moments) drop() {
	h := *m
	last := h[len(h)-1]
	if *m = h[:len(h)-1]; len(*m) > 0 {
		m.replace(last)
	}
}

// alone says that nothing else was in flight.
func alone(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

// queue is the times that requests spend at that many servers with one queue, M/G/c, at a load; the first skip are left out.
func queue(servers int, load float64, skip int) func(*rand.Rand, int) ([]float64, []float64) {
	return func(r *rand.Rand, n int) (out, inFlight []float64) {
		free, ends, at := make(moments, servers), moments{}, 0.0
		out, inFlight = make([]float64, 0, n), make([]float64, 0, n)
		for i := range n + skip {
			at += r.ExpFloat64() / load / float64(servers)
			for len(ends) > 0 && ends[0] <= at {
				ends.drop()
			}
			end := math.Max(at, free[0]) + service(r)
			free.replace(end)
			ends.add(end)
			if i >= skip {
				out, inFlight = append(out, end-at), append(inFlight, float64(len(ends)))
			}
		}
		return out, inFlight
	}
}
