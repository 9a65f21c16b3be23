package reconciler

import (
	"context"
	"sync"
	"time"
)

// pace keeps submissions apart, as far as the site asks for it.
type pace struct {
	perSecond float64 // 0: as fast as they come

	mu   sync.Mutex
	next time.Time
}

// wait returns when the next submission may begin; false when ctx has ended before.
func (p *pace) wait(ctx context.Context) bool {
	if p.perSecond <= 0 {
		return ctx.Err() == nil
	}
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	wait := p.next.Sub(now)
	p.next = p.next.Add(time.Duration(float64(time.Second) / p.perSecond))
	p.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
