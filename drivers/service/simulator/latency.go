package simulator

import (
	"context"
	"math/rand/v2"
	"time"

	"assay/api/v1alpha1"
)

// spread draws from a normal distribution, not below zero.
func spread(r *rand.Rand, mean, dev v1alpha1.Duration) time.Duration {
	return max(0, mean.Std()+time.Duration(r.NormFloat64()*float64(dev)))
}

// firstToken is how long prefill takes for a prompt of n tokens. The prefix cache is counted, but saves no time:
// latency depends on what is declared and not on what was asked before.
func (s *Server) firstToken(r *rand.Rand, n int) time.Duration {
	return spread(r, s.c.Simulate.TTFT, s.c.Simulate.TTFTStdDev) + time.Duration(n)*s.c.Simulate.PrefillPerToken.Std()
}

// nextToken is the time to the next token while running sequences share the server.
func (s *Server) nextToken(r *rand.Rand) time.Duration {
	others := max(0, len(s.slots)-1)
	return time.Duration(float64(spread(r, s.c.Simulate.ITL, s.c.Simulate.ITLStdDev)) * (1 + s.c.Simulate.LoadFactor*float64(others)))
}

// sleepUntil waits for a time; false when ctx ended first. It takes a time and not a duration, so that lateness does not
// add up over a stream.
func sleepUntil(ctx context.Context, at time.Time) bool {
	d := time.Until(at)
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
