package plan

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
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
	good := 0
	for range s.requests / s.cluster {
		if s.rng.Float64() >= odds/(1+odds) {
			good += s.cluster
		}
	}
	n := s.requests / s.cluster
	return &Trial{Objective: drivers.Objective{Parts: []drivers.Kept{{Part: "goodput", Good: good, Of: n * s.cluster, Effective: n}}}}
}

// answered is how a search against a server has ended.
type answered struct {
	kept, missed float64
	end          Reason
	runs         int
}

func (s Search) against(server func(float64) *Trial) answered {
	var loads []*load
	out := answered{end: SearchUndecided}
	for ; out.runs < v1alpha1.MostSearchRuns; out.runs++ {
		s.judge(loads)
		at, end := s.next(loads)
		if end != "" {
			out.end = end
			break
		}
		loads = add(loads, at, server(at))
	}
	kept, missed := sure(loads)
	if kept != nil {
		out.kept = kept.at
	}
	if missed != nil {
		out.missed = missed.at
	}
	return out
}

// TestSearchAgainstNoisyServers: of 1,000 searches against servers of all kinds at least 95 % find the capacity within the
// precision, and next to none say something that is not so.
func TestSearchAgainstNoisyServers(t *testing.T) {
	const n = 1000
	var runs []int
	ends := map[Reason]int{}
	right, wrong, outside := 0, 0, 0
	for seed := range uint64(n) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := Search{By: v1alpha1.SearchRate, From: 1, To: 256, Precision: 0.05, Repeats: 12}
		server := noisy{capacity: 1.5 * math.Pow(128, rng.Float64()), slope: 10 * math.Pow(20, rng.Float64()), least: []float64{0.9, 0.95, 0.99}[rng.IntN(3)],
			requests: 700 + rng.IntN(3000), cluster: 1 + rng.IntN(8), jitter: 0.01 * rng.Float64(), rng: rng}
		s.Shares = []Share{{"goodput", server.least}}
		got := s.against(server.run)
		runs, ends[got.end] = append(runs, got.runs), ends[got.end]+1
		if got.kept > server.capacity || got.missed != 0 && got.missed < server.capacity {
			outside++
		}
		switch {
		case got.end == SearchFound && got.kept <= server.capacity*1.05 && got.kept >= server.capacity/1.05:
			right++
		case got.kept > server.capacity*1.05 || got.missed != 0 && got.missed < server.capacity/1.05:
			wrong++
			t.Logf("seed %d: %+v, and the capacity is %g", seed, got, server.capacity)
		}
	}
	slices.SortFunc(runs, cmp.Compare)
	t.Logf("%d within the precision, %d wrong by more, the interval is beside the capacity in %d; %v; runs: median %d, p95 %d, most %d",
		right, wrong, outside, ends, runs[n/2], runs[n*95/100], runs[n-1])
	if right < n*95/100 || wrong > n/100 || outside > n*5/100 {
		t.Errorf("of %d searches %d are within the precision, %d wrong by more, and the interval is beside the capacity in %d", n, right, wrong, outside)
	}
}

// queue is a server of c slots that takes a lognormal time for each request and keeps them in one queue: M/G/c.
type queue struct {
	slots  int
	spread float64 // of the logarithm of the time, whose mean is one second
	bound  float64 // seconds that a request may wait
	rng    *rand.Rand
}

// waits are whether each of n requests at a rate waited no longer than the bound. The first ones find an idle server.
func (q queue) waits(rate float64, n int) (kept []bool) {
	free, now := make([]float64, q.slots), 0.0
	for range n {
		now += q.rng.ExpFloat64() / rate
		first := 0
		for i := range free {
			if free[i] < free[first] {
				first = i
			}
		}
		begin := max(now, free[first])
		free[first] = begin + math.Exp(q.spread*q.rng.NormFloat64()-q.spread*q.spread/2)
		kept = append(kept, begin-now <= q.bound)
	}
	return kept
}

func (q queue) run(rate float64) *Trial {
	kept := q.waits(rate, 6000)[1000:]
	good := 0
	for _, k := range kept {
		if k {
			good++
		}
	}
	return &Trial{Objective: drivers.Objective{Parts: []drivers.Kept{{Part: "ttft_p95", Good: good, Of: len(kept), Effective: suite.Effective(kept)}}}}
}

// knee is the capacity of a queue by brute force: the rate at which 95 % of a million requests keep the bound.
func (q queue) knee() float64 {
	lo, hi := 0.0, float64(q.slots)
	for range 10 {
		mid, good := (lo+hi)/2, 0
		for _, k := range q.waits(mid, 400_000) {
			if k {
				good++
			}
		}
		if good >= 380_000 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// TestSearchFindsTheKneeOfAQueue: twice, within the precision, although requests of a queue depend on each other.
func TestSearchFindsTheKneeOfAQueue(t *testing.T) {
	for _, q := range []queue{{slots: 4, spread: 0.5, bound: 0.5}, {slots: 16, spread: 1, bound: 0.2}} {
		q.rng = rand.New(rand.NewPCG(1, 1))
		knee := q.knee()
		for seed := range uint64(2) {
			q.rng = rand.New(rand.NewPCG(seed, 2))
			s := Search{By: v1alpha1.SearchRate, From: 0.5, To: 64, Precision: 0.05, Repeats: 20, Shares: []Share{{"ttft_p95", 0.95}}}
			got := s.against(q.run)
			t.Logf("%d slots, knee %.2f: %+v", q.slots, knee, got)
			if got.end != SearchFound || got.kept > knee*1.05 || got.kept < knee/1.05 {
				t.Errorf("%d slots, seed %d: the knee is at %.2f, and the search says %+v", q.slots, seed, knee, got)
			}
		}
	}
}

// TestSearchGoesOnAnywhere: after each run the next one is the same, whether the runs before are open, past, listed in another
// order, or were summed up by a controller before.
func TestSearchGoesOnAnywhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	server := noisy{capacity: 23, slope: 40, least: 0.99, requests: 1500, cluster: 2, jitter: 0.003, rng: rng}
	e := Experiment{Name: "e", Services: []Service{{Name: "llm"}}, Benchmarks: []Benchmark{{Name: "q", Target: "llm", Repeats: 1,
		Search: &Search{By: v1alpha1.SearchRate, From: 1, To: 100, Precision: 0.05, Repeats: 12, Shares: []Share{{"goodput", 0.99}}}}}}
	next := func(open []Run, past *Past) string {
		x := &experiment{Experiment: e, past: past, waits: map[string]cause{}}
		for i := range open {
			x.runs = append(x.runs, &open[i])
		}
		x.sweep(time.Time{})
		for _, want := range x.wants {
			if !x.ended(want.key) {
				return fmt.Sprint(want.key, " ", want.load, " ", want.repeat)
			}
		}
		return string(x.searches[0].end.reason)
	}
	var runs []Run
	past := &Past{}
	for {
		shuffled := slices.Clone(runs)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		listed := &Past{}
		for _, r := range shuffled {
			listed.Add(SumUp(r), r)
		}
		want := next(nil, past)
		half := rng.IntN(len(runs) + 1)
		before := &Past{}
		for _, r := range runs[:half] {
			before.Add(SumUp(r), r)
		}
		if a, b, c := next(shuffled, nil), next(nil, listed), next(runs[half:], before); a != want || b != want || c != want {
			t.Fatalf("after %d runs the next is %s, and %s, %s, %s elsewhere", len(runs), want, a, b, c)
		}
		if want == string(SearchFound) {
			break
		}
		var key string
		var load float64
		var repeat int
		if _, err := fmt.Sscan(want, &key, &load, &repeat); err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		r := Run{ID: fmt.Sprintf("q-%d", len(runs)), Experiment: "e", Benchmark: "q", Key: key, Repeat: repeat, Phase: v1alpha1.RunComplete, Ended: epoch.Add(time.Duration(len(runs)) * time.Minute)}
		r.Result = &drivers.SuiteResult{Valid: true, Objective: &server.run(load).Objective}
		runs, past = append(runs, r), past.With(SumUp(r), r)
	}
	if st := e.Searches(past); len(st) != 1 || st[0].Kept > 23 || st[0].Missed < 23 || st[0].Runs != len(runs) || len(e.Counted(past)) != len(runs) {
		t.Errorf("%d runs, %d counted: %+v", len(runs), len(e.Counted(past)), st)
	}
}

// TestSearchOfWholeLoads never asks for a part of a request in flight.
func TestSearchOfWholeLoads(t *testing.T) {
	for capacity := 1.0; capacity < 70; capacity++ {
		s := Search{By: v1alpha1.SearchConcurrency, From: 1, To: 64, Precision: 0.05, Repeats: 5, Shares: []Share{{"goodput", 0.99}}}
		got := s.against(func(at float64) *Trial {
			if at != math.Trunc(at) {
				t.Fatalf("it asks for %g in flight", at)
			}
			k := drivers.Kept{Part: "goodput", Good: 1000, Of: 1000, Effective: 1000}
			if at > capacity {
				k.Good = 0
			}
			return &Trial{Objective: drivers.Objective{Parts: []drivers.Kept{k}}}
		})
		if capacity < 64 && (got.end != SearchFound || got.kept > capacity || got.kept*1.05 < capacity && got.missed != got.kept+1) || capacity >= 64 && got.end != SearchAbove {
			t.Errorf("capacity %g: %+v", capacity, got)
		}
	}
}
