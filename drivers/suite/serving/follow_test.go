package serving

import (
	"testing"
	"time"
)

// TestLittleIsLeft: when the last answer of a run comes, what is left to be taken is what was in flight a moment before, and what is not
// on the disk yet, however long the run was. Where nothing is spare, a fiftieth of the time is used, and no more.
func TestLittleIsLeft(t *testing.T) {
	const (
		rate  = 20_000 // requests/s
		cost  = 4 * time.Microsecond
		moves = 1 << 10 // in flight
		block = 2*blockOf + 2*spoolPiece/enteredSize + moves + rate/int(time.Second/followIdle)
	)
	for name, c := range map[string]struct {
		seconds     int
		spare       float64
		least, most int
	}{
		"one second":     {1, 0.5, 0, block},
		"four seconds":   {4, 0.5, 0, block},
		"nothing spare":  {2, 0, 2*rate - 3*int(2*time.Second/cost)/100, 2*rate - int(2*time.Second/cost)/100},
		"nearly nothing": {2, 0.1, 2*rate - 3*int(2*time.Second/cost)/100, 2 * rate},
	} {
		n := rate * c.seconds
		d, b := digesting(t, n)
		a, entered := allowance{share: leastShare}, 0
		a.allow(c.spare, 1)
		for now, last := followIdle, time.Duration(0); entered < n; {
			for ; entered < n && time.Duration(entered)*time.Second/rate <= now; entered++ {
				one := answered(entered ^ moves/2) // not in the order of their indexes
				b.add(one)
			}
			b.spool.onDiskAll()
			a.pass(now - last)
			last = now
			took := time.Duration(0)
			more := d.takeUntil(func() bool { took += cost; return took <= followTurn })
			pause := a.pause(took)
			if !more {
				pause = followIdle
			}
			now += took + pause
		}
		if left := n - d.len(); d.err != nil || left < c.least || left > c.most {
			t.Errorf("%s: %d of %d are left, want %d to %d: %v", name, left, n, c.least, c.most, d.err)
		}
	}
}

// TestAllowance: half of what nobody uses, beyond what stays spare.
func TestAllowance(t *testing.T) {
	for _, c := range []struct{ spare, of, want float64 }{
		{0, 1, leastShare}, {0.1, 1, leastShare}, {0.5, 1, 0.2}, {1, 2, 0.4}, {60, 64, mostShare}, {0, 0, leastShare},
	} {
		var a allowance
		if a.allow(c.spare, c.of); a.share < c.want-1e-9 || a.share > c.want+1e-9 {
			t.Errorf("%g of %g CPUs are spare: %g, want %g", c.spare, c.of, a.share, c.want)
		}
	}
	a := allowance{share: 0.1}
	for range 100 {
		a.pass(time.Second)
	}
	if a.credit != followSaved {
		t.Errorf("%v is saved", a.credit)
	}
	a.pause(time.Hour) // it was not let
	if rest := a.pause(0); rest > 10*followTurn {
		t.Errorf("it pauses for %v", rest)
	}
}
