package plan

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// replicated is a service as queueing theory has it: requests arrive at random and each takes one of the places of the replicas that
// serve, for a time of its own; others wait, first come first served. Replicas take a while to start, and those that leave
// finish what they have. What a metric says of it is as old as the last scrape.
type replicated struct {
	rng      *rand.Rand
	places   int                           // of a replica
	start    time.Duration                 // from the decision until a replica serves
	took     func(*rand.Rand) float64      // seconds of one request
	rate     func(t time.Duration) float64 // requests a second
	now      time.Duration
	serving  int
	starting []time.Duration // when they serve
	busy     ends            // when running requests end
	waiting  []float64       // what they take
	next     float64         // the next arrival, in seconds
	samples  []float64       // one a scrape: requests in flight of each serving replica
	queued   []float64       // one a scrape: requests that wait
}

type ends []float64

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i] < e[j] }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *ends) Push(x any)        { *e = append(*e, x.(float64)) }
func (e *ends) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

// want sets how many replicas there are to be.
func (q *replicated) want(n int) {
	for q.serving+len(q.starting) < n {
		q.starting = append(q.starting, q.now+q.start)
	}
	for q.serving+len(q.starting) > n && len(q.starting) > 0 {
		q.starting = q.starting[:len(q.starting)-1]
	}
	q.serving = min(q.serving, n)
}

// step lives for a second.
func (q *replicated) step() {
	q.now += time.Second
	t := q.now.Seconds()
	for len(q.starting) > 0 && q.starting[0] <= q.now {
		q.starting, q.serving = q.starting[1:], q.serving+1
	}
	for {
		at := math.Inf(1)
		if len(q.busy) > 0 {
			at = q.busy[0]
		}
		if min(at, q.next) > t {
			break
		}
		if at <= q.next {
			heap.Pop(&q.busy)
			q.admit(at)
			continue
		}
		q.waiting = append(q.waiting, q.took(q.rng))
		q.admit(q.next)
		q.next += q.rng.ExpFloat64() / q.rate(q.now)
	}
	q.admit(t)
}

// admit lets requests run that have a place.
func (q *replicated) admit(t float64) {
	for len(q.waiting) > 0 && len(q.busy) < q.serving*q.places {
		heap.Push(&q.busy, t+q.waiting[0])
		q.waiting = q.waiting[1:]
	}
}

func (q *replicated) scrape() {
	if q.serving > 0 {
		q.samples = append(q.samples, float64(len(q.busy)+len(q.waiting))/float64(q.serving))
		q.queued = append(q.queued, float64(len(q.waiting)))
	}
}

// mean is that of the last n samples.
func mean(samples []float64, n int) (sum float64) {
	last := samples[max(0, len(samples)-n):]
	for _, v := range last {
		sum += v / float64(len(last))
	}
	return sum
}

// change is one of the number of replicas.
type change struct {
	at time.Duration
	to int
}

// live lets a queue live for a while, scaled by s.
func (q *replicated) live(s *Scale, metric func(*replicated) float64, lasts time.Duration) (changes []change, last Scaled) {
	const scrapes = 5 * time.Second
	is := Scaled{Number: s.Min}
	is.anew(epoch)
	q.serving = s.Min
	for q.now < lasts {
		q.step()
		if q.now%scrapes == 0 {
			q.scrape()
		}
		if q.now%s.Every == (s.Every/2).Truncate(time.Second) && len(q.samples) > 0 { // somewhere between two scrapes
			was := is.Number
			is = s.next(is, metric(q), q.serving, ceiling{most: s.Max}, epoch.Add(q.now))
			if is.Number != was {
				changes = append(changes, change{q.now, is.Number})
				q.want(is.Number)
			}
		}
	}
	return changes, is
}

func lognormal(mean, cv float64) func(*rand.Rand) float64 {
	s2 := math.Log(1 + cv*cv)
	return func(r *rand.Rand) float64 { return math.Exp(math.Log(mean) - s2/2 + math.Sqrt(s2)*r.NormFloat64()) }
}

// inFlight is the mean of the last n scrapes of what each replica has in flight, as of
// avg(avg_over_time((vllm:num_requests_running + vllm:num_requests_waiting)[…])).
func inFlight(n int) func(*replicated) float64 {
	return func(q *replicated) float64 { return mean(q.samples, n) }
}

// waitingNow is how many requests wait, as of sum(vllm:num_requests_waiting).
func waitingNow(q *replicated) float64 { return mean(q.queued, 1) }

func service1to8(up, down time.Duration) *Scale {
	return &Scale{Min: 1, Max: 8, Metric: "m", Target: 8, Tolerance: 0.1, Up: up, Down: down, Every: 15 * time.Second}
}

// under is a service of replicas with 12 places, whose requests take 10 s on average, so that a load of 1/s has 10 in flight.
func under(seed uint64, rate func(time.Duration) float64) *replicated {
	return &replicated{rng: rand.New(rand.NewPCG(seed, 5)), places: 12, start: time.Minute, took: lognormal(10, 1), rate: rate}
}

func after(changes []change, from time.Duration) (n int) {
	for _, c := range changes {
		if c.at > from {
			n++
		}
	}
	return n
}

// TestNoOscillation: at a constant load the number only falls once the backlog of the start is gone, and once it was found it
// stays for hours, whether the metric is what a scrape happens to see or a mean. The simulation would notice if it did not.
func TestNoOscillation(t *testing.T) {
	const begun, settled, lasts = time.Hour, 3 * time.Hour, 8 * time.Hour
	for _, load := range []float64{0.3, 1.0, 2.4, 4.5} {
		for name, metric := range map[string]func(*replicated) float64{"a scrape": inFlight(1), "of a minute": inFlight(12)} {
			for seed := range uint64(2) {
				changes, last := under(seed, func(time.Duration) float64 { return load }).live(service1to8(2*time.Minute, 5*time.Minute), metric, lasts)
				if n := after(changes, settled); n > 0 {
					t.Errorf("load %.1f/s, metric %s, seed %d: %d changes in the last five hours: %v", load, name, seed, n, changes)
				}
				for i, c := range changes {
					if i > 0 && c.at > begun && c.to > changes[i-1].to {
						t.Errorf("load %.1f/s, metric %s, seed %d: it grows after %s: %v", load, name, seed, c.at, changes)
					}
				}
				if enough := int(math.Ceil(10 * load / 8 / 1.1)); last.Number < enough || last.Number > enough+1 {
					t.Errorf("load %.1f/s, metric %s, seed %d: %d replicas, and %d are enough", load, name, seed, last.Number, enough)
				}
			}
		}
	}
	changes, _ := under(1, func(time.Duration) float64 { return 2 }).live(service1to8(0, 0), inFlight(1), 2*time.Hour)
	if n := after(changes, begun); n < 10 {
		t.Errorf("without windows there are %d changes: the simulation would not notice", n)
	}
}

// TestFollowsAStep: a step of the load is followed within two windows, up and down.
func TestFollowsAStep(t *testing.T) {
	const up, down, rises, falls = 2 * time.Minute, 5 * time.Minute, time.Hour, 3 * time.Hour
	for seed := range uint64(3) {
		q := under(seed, func(at time.Duration) float64 {
			if at > rises && at < falls {
				return 2.4
			}
			return 0.3
		})
		changes, _ := q.live(service1to8(up, down), inFlight(12), 4*time.Hour)
		number := func(at time.Duration) int {
			n := 1
			for _, c := range changes {
				if c.at <= at {
					n = c.to
				}
			}
			return n
		}
		if n := number(rises); n != 1 {
			t.Errorf("seed %d: %d replicas before the step", seed, n)
		}
		if n := number(rises + 2*up); n < 3 {
			t.Errorf("seed %d: %d replicas two windows after the step up, and 3 are needed: %v", seed, n, changes)
		}
		if n := number(falls); n < 3 || n > 4 {
			t.Errorf("seed %d: %d replicas two hours after the step up: %v", seed, n, changes)
		}
		if n := number(falls + 2*down); n != 1 {
			t.Errorf("seed %d: %d replicas two windows after the step down: %v", seed, n, changes)
		}
	}
}

// TestQueueLengthIsSlowedDown: the number of requests that wait is 0 as soon as there are enough replicas, so it asks for fewer
// and then for more, for ever. Each time that a smaller number was too small the next one is waited for twice as long.
func TestQueueLengthIsSlowedDown(t *testing.T) {
	changes, last := under(1, func(time.Duration) float64 { return 2 }).live(service1to8(2*time.Minute, 5*time.Minute), waitingNow, 6*time.Hour)
	if n := after(changes, 2*time.Hour); n > 40 || last.Patience != mostPatience {
		t.Errorf("%d changes in four hours, patience %d: %v", n, last.Patience, changes)
	}
}
