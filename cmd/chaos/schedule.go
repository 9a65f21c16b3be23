package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// schedule makes the faults of a seed, in batches. A longer schedule begins as a shorter one does.
func schedule(o options, kinds []kind) [][]fault {
	rng := rand.New(rand.NewPCG(o.seed, 0))
	var out [][]fault
	var deck []int
	for n := 1; n <= o.faults; {
		var batch []fault
		busy := map[string]time.Duration{} // word of kind.alone -> until when in the batch
		now := time.Duration(0)
		for len(batch) < o.batch && n <= o.faults {
			if len(deck) == 0 {
				deck = rng.Perm(len(kinds)) // each kind comes before any comes again
			}
			k := kinds[deck[0]]
			deck = deck[1:]
			f := fault{n: n, kind: k, roll: rng.Uint64(), after: time.Duration(500+rng.IntN(2500)) * time.Millisecond}
			f.length = time.Duration(k.min)*time.Second + time.Duration(rng.IntN((k.max-k.min)*1000+1))*time.Millisecond
			word := k.alone
			if word == "node" {
				f.node = fmt.Sprintf("n%d", 1+rng.IntN(broken))
				word = f.node
			}
			now += f.after
			if word != "" && busy[word] > now { // it waits for the other one
				f.after += busy[word] - now
				now = busy[word]
			}
			if word != "" {
				busy[word] = now + f.length + time.Second
			}
			batch, n = append(batch, f), n+1
		}
		out = append(out, batch)
	}
	return out
}
