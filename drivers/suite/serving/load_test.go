package serving

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/sse"
	"assay/drivers/suite/selfwatch"
)

func numbered(n int) []sample {
	s := make([]sample, n)
	for i := range s {
		s[i].index = i
	}
	return s
}

// of are samples as the requests of a load.
func of(samples []sample) requests {
	return requests{len(samples), func(k int) *sample { return &samples[k] }}
}

func clock() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// A closed loop keeps exactly its number of requests in flight; without a bound all go at once. (Virtual time.)
func TestClosedLoop(t *testing.T) {
	for bound, want := range map[int]time.Duration{1: 10 * time.Second, 4: 3 * time.Second, 10: time.Second, 99: time.Second, 0: time.Second} {
		synctest.Test(t, func(t *testing.T) {
			now := clock()
			var mu sync.Mutex
			seen := map[int]int{}
			samples := numbered(10)
			load(t.Context(), of(samples), pace{bound: bound}, now, func(_ int, s *sample) {
				s.sent = now()
				time.Sleep(time.Second)
				s.ended = now()
				mu.Lock()
				defer mu.Unlock()
				seen[s.index]++
			})
			if got := now(); got != want {
				t.Errorf("bound %d: took %v, want %v", bound, got, want)
			}
			for i := range samples {
				if seen[i] != 1 || samples[i].lateness() != 0 {
					t.Errorf("bound %d: request %d was sent %d times, %v late", bound, i, seen[i], samples[i].lateness())
				}
			}
		})
	}
}

// An open loop sends at the scheduled times whatever becomes of the requests; a slow answer delays no other request.
func TestOpenLoop(t *testing.T) {
	now := clock()
	const gap = 20 * time.Millisecond
	schedule := []time.Duration{gap, 2 * gap, 2 * gap, 3 * gap, 4 * gap}
	samples := numbered(5)
	release := make(chan struct{})
	var arrived sync.WaitGroup
	arrived.Add(len(samples))
	go func() {
		arrived.Wait() // every request goes although none has ended
		close(release)
	}()
	origin := now()
	load(t.Context(), of(samples), pace{schedule: schedule}, now, func(_ int, s *sample) {
		s.sent = now()
		arrived.Done()
		<-release
	})
	for i, s := range samples {
		if s.sent < origin+schedule[i] || s.due < origin+schedule[i] || s.free != s.due {
			t.Errorf("request %d: due %v, free %v, sent %v; scheduled %v after %v", i, s.due, s.free, s.sent, schedule[i], origin)
		}
		if shift := s.due - schedule[i] - (samples[0].due - schedule[0]); shift != 0 {
			t.Errorf("the schedule was moved by %v", shift)
		}
	}
}

// With a bound an open loop waits for a slot; that wait is the bound's and not the client's.
func TestOpenLoopBound(t *testing.T) {
	now := clock()
	samples := numbered(4)
	var mu sync.Mutex
	inFlight, most := 0, 0
	load(t.Context(), of(samples), pace{schedule: make([]time.Duration, 4), bound: 1}, now, func(_ int, s *sample) {
		mu.Lock()
		inFlight++
		most = max(most, inFlight)
		mu.Unlock()
		s.sent = now()
		time.Sleep(10 * time.Millisecond)
		s.ended = now()
		mu.Lock()
		inFlight--
		mu.Unlock()
	})
	if most != 1 {
		t.Errorf("%d in flight", most)
	}
	for i, s := range samples[1:] {
		if before := samples[i].ended; s.free < before || s.lateness() != s.sent-s.free {
			t.Errorf("request %d: free %v, sent %v, %v late; the one before ended at %v", i+1, s.free, s.sent, s.lateness(), before)
		}
	}
}

func TestLoadStops(t *testing.T) {
	for _, schedule := range [][]time.Duration{nil, {0, time.Hour}} {
		ctx, cancel := context.WithCancel(t.Context())
		sent := 0
		load(ctx, of(numbered(2)), pace{schedule: schedule, bound: 1}, clock(), func(int, *sample) { sent++; cancel() })
		if sent != 1 {
			t.Errorf("sent %d after the end", sent)
		}
	}
}

// Lateness makes a result invalid, measured by the latency that it would spoil.
func TestClientLate(t *testing.T) {
	made := func(late, ttft time.Duration) summary {
		var records []record
		for i := range 200 {
			s := sample{index: i, due: time.Duration(i) * time.Second}
			s.free = s.due
			s.sent = s.due + late
			s.ended = s.sent + 2*ttft
			s.answer = sse.Answer{Events: []time.Duration{s.sent + ttft, s.ended}, Usage: true, Completion: 2, Prompt: 3}
			records = append(records, newRecord(s))
		}
		return summarise(records)
	}
	for _, test := range []struct {
		late, ttft time.Duration
		want       bool
	}{
		{4 * time.Millisecond, 10 * time.Millisecond, false}, // 5 ms are always granted
		{6 * time.Millisecond, 10 * time.Millisecond, true},
		{6 * time.Millisecond, 100 * time.Millisecond, false}, // a tenth of the TTFT
		{51 * time.Millisecond, 10 * time.Second, true},       // never more than 50 ms
	} {
		s := made(test.late, test.ttft)
		faults, _ := selfCheck([]selfwatch.Report{{}}, &s, true, map[string]float64{})
		if got := slices.ContainsFunc(faults, func(r drivers.Reason) bool { return r.Reason == suite.ReasonClientLate }); got != test.want {
			t.Errorf("%+v: %v", test, faults)
		}
		m := s.metrics(true)
		if got, want := m["send_lateness_p95_ms"], suite.Millis(test.late); math.Abs(got-want) > 1e-9 {
			t.Errorf("send_lateness_p95_ms is %v, want %v", got, want)
		}
		if got, want := m["ttft_mean_ms"], suite.Millis(test.ttft); math.Abs(got-want) > 1e-9 {
			t.Errorf("ttft_mean_ms is %v, want %v: lateness is outside", got, want)
		}
	}
}

// vLLM's definitions, on one request with known times.
func TestDefinitions(t *testing.T) {
	ms := time.Millisecond
	s := sample{due: 90 * ms, free: 95 * ms}
	s.sent, s.ended = 100*ms, 500*ms
	s.answer = sse.Answer{Events: []time.Duration{150 * ms, 160 * ms, 160 * ms, 190 * ms}, Usage: true, Prompt: 10, Completion: 9}
	failed := sample{outcome: outcome{sent: 101 * ms, ended: 600 * ms, failure: &suite.Failure{Kind: "timeout"}}}
	sum := summarise([]record{newRecord(s), newRecord(failed)})
	got := sum.metrics(true)
	for name, want := range map[string]float64{
		"ttft_mean_ms": 50, "e2el_mean_ms": 90, "tpot_mean_ms": 5, "itl_mean_ms": 40.0 / 3, "itl_median_ms": 10,
		"duration_s": 0.5, "request_throughput": 2, "output_throughput": 18, "total_token_throughput": 38, "tokens_per_chunk": 9.0 / 4,
		"completed": 1, "failed": 1, "error_rate_percent": 50, "slot_wait_mean_ms": 2.5,
	} {
		if math.Abs(got[name]-want) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	one := newRecord(sample{outcome: outcome{answer: sse.Answer{Events: []time.Duration{ms}, Usage: true, Completion: 1}}})
	if lone := summarise([]record{one}); lone.tpot.Len() != 0 || lone.itl.Len() != 0 {
		t.Errorf("one token gives TPOT %v, ITL %v", lone.tpot.Len(), lone.itl.Len())
	}
}
