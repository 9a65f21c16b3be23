package vector

import (
	"testing"
	"time"
)

// TestOverloadedPhase: a server that answers 40 queries a second is asked 80 in an open loop, or 20, or by as many workers as wait.
func TestOverloadedPhase(t *testing.T) {
	for name, c := range map[string]struct {
		every  time.Duration
		closed bool
		want   bool
	}{"twice": {12500 * time.Microsecond, false, true}, "half": {50 * time.Millisecond, false, false}, "closed loop": {12500 * time.Microsecond, true, false}} {
		var p phase
		free := time.Duration(0)
		for i := range 200 {
			a := asked{due: time.Duration(i) * c.every}
			a.sent = a.due + time.Microsecond
			if c.closed {
				a.due = a.sent
			}
			free = max(free, a.sent) + 25*time.Millisecond
			a.latency = free - a.sent
			p.answers = append(p.answers, a)
		}
		if how := p.grows(); (how != "") != c.want {
			t.Errorf("%s: %q", name, how)
		}
		if n := p.inFlight(); n[0] != 1 || n[199] < 1 {
			t.Errorf("%s: %v in flight", name, n)
		}
	}
}
