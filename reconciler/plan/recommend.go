package plan

import (
	"fmt"
	"math"
	"time"
)

// How many replicas a metric asks for is found as Kubernetes' HPA documents it: the replicas that are Ready, times the metric
// over its target, rounded up; the present number where the metric is within the tolerance of its target. Of what was asked
// for within the window upwards the smallest number counts, and within the window downwards the largest.
//
// Four things are more careful, since a replica is a job that has to queue and start:
//
//	replicas that start      while the metric is above its target the number does not fall, although few are Ready yet
//	room                     a smaller number is asked for only if the metric would be below its target by the tolerance there
//	a number too small       when it grows again soon after it shrank, the window downwards is doubled, up to eight times
//	after a gap in answers   the windows begin anew, and so they do after a run that measured the service

// Scale says how many replicas a service has by a metric.
type Scale struct {
	Min, Max  int
	Metric    string  // PromQL
	Target    float64 // above 0
	Tolerance float64 // share, below 1
	Cooldown  time.Duration
	Up, Down  time.Duration // windows
	Every     time.Duration // how often the metric is asked
	Jobs      int           // how many jobs of the user its QOS lets run at once; 0: not stated
}

// Scaled is what is remembered of a scaled service. It is written before it holds, and outlives a controller.
type Scaled struct {
	Experiment string    `json:"experiment"`
	Service    string    `json:"service"`
	Number     int       `json:"number"`            // replicas that are wanted
	Changed    time.Time `json:"changed,omitzero"`  // when Number last changed; zero: never
	Answered   time.Time `json:"answered,omitzero"` // the last answer that counted
	Value      float64   `json:"value,omitempty"`   // what it was
	Asked      int       `json:"asked,omitempty"`   // how many replicas it asks for, before any bound
	Reason     Reason    `json:"reason,omitempty"`  // why Number changed then, or did not
	Message    string    `json:"message,omitempty"`
	Shrank     bool      `json:"shrank,omitempty"`   // the last change was downwards
	Patience   int       `json:"patience,omitempty"` // how many times the window downwards is waited for
	// What was asked for within the windows, as far as it can still count: the smallest upwards first, each later one larger, and
	// the largest downwards first, each later one smaller. So both are bounded by the range of numbers.
	Low  []Recommendation `json:"low,omitempty"`
	High []Recommendation `json:"high,omitempty"`
}

// Recommendation is a number of replicas, and when it was asked for.
type Recommendation struct {
	At     time.Time `json:"at"`
	Number int       `json:"number"`
}

// Answer is what Prometheus last said to a scaled service's metric.
type Answer struct {
	Metric string // that was asked
	Err    string // there is no value: why
	Value  float64
	At     time.Time     // when it was given, by this controller's clock
	Age    time.Duration // how old the oldest sample of it is by now
}

// ceiling is the most replicas that a bound allows, and what it is.
type ceiling struct {
	most int
	cause
}

// mostPatience bounds how many windows downwards are waited for after numbers that were too small.
const mostPatience = 8

// gap is how long without an answer makes the windows begin anew.
func (s *Scale) gap() time.Duration { return max(time.Minute, 4*s.Every) }

// within brings a number into the range.
func (s *Scale) within(n int) int { return min(max(n, s.Min), s.Max) }

// asks is how many replicas a value asks for, with so many wanted and so many of them Ready. It is not within the range.
func (s *Scale) asks(value float64, number, ready int) int {
	ratio := value / s.Target
	up := func(x float64) int { return int(math.Ceil(min(x, math.MaxInt32) - 1e-9)) }
	switch {
	case math.Abs(ratio-1) <= s.Tolerance:
		return number
	case ratio > 1:
		return max(number, up(float64(ready)*ratio))
	}
	return min(number, up(float64(ready)*ratio/(1-s.Tolerance)))
}

// anew makes the windows of a record begin now.
func (r *Scaled) anew(now time.Time) {
	first := []Recommendation{{now, r.Number}}
	r.Low, r.High, r.Answered = first, first, now
}

// next is what is remembered after an answer. Among other bounds, top is the lowest.
func (s *Scale) next(was Scaled, value float64, ready int, top ceiling, now time.Time) Scaled {
	is := was
	if old := now.Sub(was.Answered); old > s.gap() || old < 0 {
		is.anew(now)
	}
	if is.Changed.After(now) { // the clock was set back
		is.Changed = now
	}
	is.Answered, is.Value, is.Asked = now, value, s.asks(value, was.Number, ready)
	asked := Recommendation{now, s.within(is.Asked)}
	is.Low = push(is.Low, asked, -1, now.Add(-s.Up))
	down := s.Down * time.Duration(max(1, was.Patience))
	is.High = push(is.High, asked, 1, now.Add(-down))
	number := min(max(was.Number, is.Low[0].Number), is.High[0].Number)
	if number > was.Number {
		number = max(was.Number, min(number, top.most))
	}
	var why cause
	if number == was.Number {
		why = s.unchanged(is, asked.Number, top, now)
	} else if left := is.Changed.Add(s.Cooldown).Sub(now); left > 0 && !is.Changed.IsZero() {
		why = cause{CoolingDown, fmt.Sprintf("it asks for %d replicas, and %s of the cooldown are left", number, left.Round(time.Second))}
	} else {
		why = cause{ScaledUp, fmt.Sprintf("%d replicas instead of %d: %s", number, was.Number, s.says(is))}
		if is.Shrank = number < was.Number; is.Shrank {
			why.reason = ScaledDown
		} else if was.Shrank && now.Sub(is.Changed) < 2*down { // it shrank too soon
			is.Patience = min(2*max(1, was.Patience), mostPatience)
		} else if was.Shrank {
			is.Patience = 1
		}
		is.Number, is.Changed = number, now
	}
	is.Reason, is.Message = why.reason, why.message
	return is
}

// says is a value beside its target.
func (s *Scale) says(is Scaled) string {
	return fmt.Sprintf("%s is %.4g, and its target %.4g", s.Metric, is.Value, s.Target)
}

// unchanged says why an answer changes nothing.
func (s *Scale) unchanged(is Scaled, bounded int, top ceiling, now time.Time) cause {
	asks := fmt.Sprintf("it asks for %d replicas", is.Asked)
	switch {
	case math.Abs(is.Value/s.Target-1) <= s.Tolerance:
		return cause{WithinTolerance, fmt.Sprintf("%s: within %.4g of it", s.says(is), s.Tolerance*s.Target)}
	case is.Asked == is.Number:
		return cause{AsAsked, fmt.Sprintf("%s: it asks for the %d replicas that are wanted", s.says(is), is.Number)}
	case bounded == is.Number && is.Asked > is.Number:
		return cause{AtMaximum, fmt.Sprintf("%s, and max is %d", asks, s.Max)}
	case bounded == is.Number:
		return cause{AtMinimum, fmt.Sprintf("%s, and min is %d", asks, s.Min)}
	case bounded > is.Number && is.Low[0].Number > is.Number:
		return cause{top.reason, asks + ": " + top.message}
	case bounded > is.Number:
		return cause{WaitingForWindow, fmt.Sprintf("%s; it asked for %d %s ago, and the smallest number of %s counts upwards", asks, is.Low[0].Number, now.Sub(is.Low[0].At).Round(time.Second), s.Up)}
	}
	return cause{WaitingForWindow, fmt.Sprintf("%s; it asked for %d %s ago, and the largest number of %s counts downwards", asks, is.High[0].Number, now.Sub(is.High[0].At).Round(time.Second), s.Down)}
}

// push adds the latest number to those that can still be the largest (sign 1) or the smallest (sign -1) since a moment.
func push(list []Recommendation, r Recommendation, sign int, since time.Time) []Recommendation {
	var out []Recommendation
	for _, old := range list {
		if old.At.After(since) && !old.At.After(r.At) && sign*old.Number > sign*r.Number {
			out = append(out, old)
		}
	}
	return append(out, r)
}
