package serving

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestCrowdTwin: the steady window, and the most in flight, are what a list of all beginnings and ends says.
func TestCrowdTwin(t *testing.T) {
	type change struct {
		at time.Duration
		n  int
	}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		rows, n, scale := newTable(""), 1+r.IntN(60), 1+r.IntN(40)
		var all []change
		for i := range n {
			sent := time.Duration(r.IntN(scale) + i*r.IntN(3))
			one := record{sample: sample{index: i, outcome: outcome{sent: sent, ended: sent + time.Duration(r.IntN(scale))}}}
			rows.add(&one, 0)
			all = append(all, change{one.sent, 1}, change{one.ended, -1})
		}
		slices.SortFunc(all, func(a, b change) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.n, a.n)) })
		held, most, running := make([]time.Duration, n+1), 0, 0
		for k, c := range all {
			running += c.n
			most = max(most, running)
			if k+1 < len(all) {
				held[running] += all[k+1].at - c.at
			}
		}
		usual, running := float64(median(held)), 0
		var from, to time.Duration
		ok := false
		for _, c := range all {
			before := float64(running)
			running += c.n
			if !ok && float64(running) >= plateau*usual {
				from, ok = c.at, true
			}
			if before >= plateau*usual && float64(running) < plateau*usual {
				to = c.at
			}
		}
		ok = ok && to > from && usual > 0
		c := rows.all().timeline(bySent, rows.sent).crowd()
		gotFrom, gotTo, got := c.steady()
		if c.most() != most || got != ok || ok && (gotFrom != from || gotTo != to) {
			t.Fatalf("seed %d: %d at most, %v to %v, %v; want %d, %v to %v, %v", seed, c.most(), gotFrom, gotTo, got, most, from, to, ok)
		}
	}
}
