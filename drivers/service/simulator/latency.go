package simulator

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"assay/api/v1alpha1"
)

// spread draws from a normal distribution, not below zero.
func spread(r *rand.Rand, mean, dev v1alpha1.Duration) time.Duration {
	return max(0, mean.Std()+time.Duration(r.NormFloat64()*float64(dev)))
}

// firstToken is how long prefill takes for a prompt of n tokens that the prefix cache does not hold.
func (s *Server) firstToken(r *rand.Rand, n int) time.Duration {
	return spread(r, s.c.Simulate.TTFT, s.c.Simulate.TTFTStdDev) + time.Duration(n)*s.c.Simulate.PrefillPerToken.Std()
}

// nextToken is the time to the next token while running sequences share the server.
func (s *Server) nextToken(r *rand.Rand) time.Duration {
	others := max(0, len(s.slots)-1)
	return time.Duration(float64(spread(r, s.c.Simulate.ITL, s.c.Simulate.ITLStdDev)) * (1 + s.c.Simulate.LoadFactor*float64(others)))
}

// sleepUntil waits for a moment; false when ctx ended first. Waiting for moments rather than for spans keeps lateness
// from adding up over a stream.
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

// prefixBlock is how many characters the prefix cache keeps together.
const prefixBlock = 64

// prefixCache remembers the beginnings of recent prompts.
type prefixCache struct {
	mu   sync.Mutex
	seen map[string]bool
}

// hits returns how many tokens of the prompt were seen before as a beginning, and remembers this one.
func (p *prefixCache) hits(prompt string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil || len(p.seen) > 1<<16 {
		p.seen = map[string]bool{}
	}
	hit := 0
	for end := prefixBlock; end <= len(prompt) && end <= 64*prefixBlock; end += prefixBlock {
		block := strings.Clone(prompt[:end])
		if p.seen[block] && hit == end-prefixBlock {
			hit = end
		}
		p.seen[block] = true
	}
	return hit / tokenSize
}
