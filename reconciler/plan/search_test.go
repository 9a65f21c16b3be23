package plan

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// noisy is a server whose share of requests within the bound falls with the load.
type noisy struct {
	capacity, slope float64 // where the share is what is asked for, and how steep it falls there
	least           float64
	requests        int
	cluster         int     // requests that miss together
	jitter          float64 // by which the capacity differs from run to run
	rng             *rand.Rand
}

func (s noisy) run(at float64) *Trial {
	capacity := s.capacity * math.Exp(s.jitter*s.rng.NormFloat64())
	odds := (1 - s.least) / s.least * math.Exp(s.slope*math.Log(at/capacity))
	miss := odds / (1 + odds)
	kept := make([]bool, 0, s.requests)
	for len(kept) < s.requests {
		good := s.rng.Float64() >= miss
		for range min(s.cluster, s.requests-len(kept)) {
			kept = append(kept, good)
		}
	}
	good := 0
	for _, k := range kept {
		if k {
			good++
		}
	}
	return &Trial{Objective: drivers.Objective{Parts: []drivers.Kept{{Part: "goodput", Good: good, Of: len(kept), Effective: len(kept) / s.cluster}}}}
}

// search runs a search against a server to its end.
func (s Search) simulate(server func(float64) *Trial) (kept, missed float64, end Reason, runs int, worst int) {
	var loads []*load
	for runs < v1alpha1.MostSearchRuns {
		s.judge(loads)
		at, end := s.next(loads)
		if end != "" {
			lo, hi := sure(loads)
			if lo != nil {
				kept = lo.at
			}
			if hi != nil {
				missed = hi.at
			}
			return kept, missed, end, runs, 0
		}
		loads = add(loads, at, server(at))
		runs++
	}
	lo, hi := sure(loads)
	if lo != nil {
		kept = lo.at
	}
	if hi != nil {
		missed = hi.at
	}
	return kept, missed, SearchUndecided, runs, 0
}

func TestSearchAgainstNoisyServers(t *testing.T) {
	const n = 1000
	var runs []int
	ends := map[Reason]int{}
	right, wrong, outside := 0, 0, 0
	for seed := range uint64(n) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := Search{By: v1alpha1.SearchRate, From: 1, To: 256, Precision: 0.05, Repeats: 12}
		server := noisy{capacity: math.Exp(rng.Float64()*math.Log(128)) * 1.5, slope: 10 * math.Exp(rng.Float64()*math.Log(20)),
			least: []float64{0.9, 0.95, 0.99}[rng.IntN(3)], requests: 700 + rng.IntN(3000), cluster: 1 + rng.IntN(40), jitter: 0.01 * rng.Float64(), rng: rng}
		s.Shares = []Share{{"goodput", server.least}}
		kept, missed, end, spent, _ := s.simulate(server.run)
		runs = append(runs, spent)
		ends[end]++
		switch {
		case end == SearchFound && (kept > server.capacity || missed < server.capacity):
			outside++
			fallthrough
		case end == SearchFound && kept <= server.capacity*1.05 && kept >= server.capacity/1.05:
			right++
		case end == SearchUndecided && kept <= server.capacity && (missed == 0 || missed >= server.capacity):
		default:
			wrong++
			if wrong < 20 {
				t.Logf("seed %d: %s kept %g missed %g capacity %g slope %g jitter %g least %g cluster %d n %d", seed, end, kept, missed, server.capacity, server.slope, server.jitter, server.least, server.cluster, server.requests)
			}
		}
	}
	slices.SortFunc(runs, cmp.Compare)
	t.Logf("%d outside, %d right, %d wrong, %v; runs: median %d, p95 %d, most %d", outside, right, wrong, ends, runs[n/2], runs[n*95/100], runs[n-1])
}
