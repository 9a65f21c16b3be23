package plan

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"assay/api/v1alpha1"
)

// Replicas by a metric. What the metric asks for is in recommend.go; here is when it is listened to, and what follows.
//
//	the scheduler cannot be asked, released, blocked   nothing changes
//	no answer, or an old one                           nothing changes
//	a run measures the service                         nothing changes, and the windows begin anew when it has ended
//	no replica is Ready                                nothing changes: the metric is of none
//	otherwise                                          each answer counts once
//
// The number is written down before it holds: a controller that starts finds it. When nothing is written down, or what was
// is lost, it is that of the jobs that exist. The replica in the highest slot leaves first, as leave.go says.

// staleAnswer is how old a sample may be that changes a number.
const staleAnswer = 2 * time.Minute

// scaling is what a pass finds out about a scaled service.
type scaling struct {
	is       Scaled
	why      cause
	changing bool // its number changes in this pass, and holds in the next
}

// slots is how many replicas a service has now. It is within the range, whatever was written down.
func (w *world) slots(x *experiment, s *Service) int {
	if s.Scale == nil {
		return s.Slots
	}
	if r, known := w.o.Scaled[x.Name+"/"+s.Name]; known {
		return s.Scale.within(r.Number)
	}
	n := 0
	for _, id := range x.openSeats {
		if a := w.open[id][0]; id.Group == s.Name && (a.HandedOver.IsZero() || len(w.open[id.Twin()]) > 0) {
			n = max(n, id.Slot+1)
		}
	}
	return s.Scale.within(n)
}

// scale decides on the number of a scaled service.
func (w *world) scale(x *experiment, s *service) {
	if s.Scale == nil {
		return
	}
	g, key := &s.scaling, x.Name+"/"+s.Name
	is, known := w.o.Scaled[key]
	is.Experiment, is.Service, is.Number = x.Name, s.Name, s.Slots
	g.is, g.why = is, cause{is.Reason, is.Message}
	answer, asked := w.o.Answers[key]
	switch {
	case !w.known:
		g.why = cause{SchedulerUnreachable, w.o.Listing.Err}
	case x.released.set():
		g.why = x.released
	case x.blocked != "":
		g.why = cause{PruneGuard, x.blocked}
	case !known:
		g.is.anew(w.o.Now)
		g.is.Reason, g.is.Message = MetricUnknown, "the metric has not been asked yet"
		g.why = cause{g.is.Reason, g.is.Message}
		w.remember(x, s, cause{Declared, fmt.Sprintf("it has %d replicas until the metric asks for another number", s.Slots)})
	case !asked || answer.Metric != s.Scale.Metric:
		g.why = cause{MetricUnknown, "the metric has not been asked yet"}
	case math.IsNaN(answer.Value) || math.IsInf(answer.Value, 0):
		g.why = cause{MetricUnknown, fmt.Sprintf("the metric is %v, which is no number", answer.Value)}
	case answer.Err != "":
		g.why = cause{MetricUnknown, answer.Err}
	case answer.Age > staleAnswer:
		g.why = cause{MetricStale, fmt.Sprintf("the last sample of the metric is %s old, and after %s it changes nothing", answer.Age.Round(time.Second), staleAnswer)}
	default:
		w.listen(x, s, answer)
	}
}

// listen takes in an answer, once.
func (w *world) listen(x *experiment, s *service, answer Answer) {
	g, ready := &s.scaling, 0
	for _, replica := range s.replicas {
		if replica.ready == v1alpha1.True {
			ready++
		}
	}
	r := x.measuring(s)
	switch {
	case r != nil:
		g.why = cause{WaitingForRun, fmt.Sprintf("run %s measures it, and the number stays until that has ended", r.ID)}
	case ready == 0:
		g.why = cause{NoneReady, "no replica is Ready, so the metric is of none"}
	}
	if answer.At.Equal(g.is.Answered) {
		return
	}
	if r != nil {
		g.is.anew(answer.At)
		g.is.Reason, g.is.Message = g.why.reason, g.why.message
		w.remember(x, s, cause{AsAsked, g.why.message})
		return
	}
	if ready == 0 {
		return
	}
	was := g.is
	g.is = s.Scale.next(was, answer.Value, ready, w.top(x, s), answer.At)
	g.why = cause{g.is.Reason, g.is.Message}
	g.changing = g.is.Number != was.Number
	because := g.why
	if !g.changing {
		because.reason = AsAsked // it is remembered, and no event
	}
	w.remember(x, s, because)
}

// remember writes down what holds from the next pass on.
func (w *world) remember(x *experiment, s *service, because cause) {
	is := s.scaling.is
	w.do(Action{Verb: Remember, Experiment: x.Name, Object: "service/" + s.Name, Reason: because.reason, Message: because.message, Scaled: &is, Quiet: !s.scaling.changing})
}

// forgetScaled drops what is remembered of services that no metric scales any more.
func (w *world) forgetScaled(x *experiment) {
	if len(w.o.Scaled) == 0 {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(w.o.Scaled)) {
		r := w.o.Scaled[key]
		if s := x.service[r.Service]; r.Experiment == x.Name && (s == nil || s.Scale == nil) && len(x.Points) == 0 {
			w.do(Action{Verb: Unlearn, Experiment: x.Name, Object: "service/" + r.Service, Reason: Removed, Message: "no metric scales it any more", Scaled: &r, Quiet: true})
		}
	}
}

// measuring is a run that measures a service, itself or through a gateway; nil when there is none.
func (x *experiment) measuring(s *service) *Run {
	for _, r := range x.runs {
		if !active(r) || !r.told() {
			continue
		}
		if through := x.service[r.Target]; r.Target == s.Name || through != nil && slices.Contains(through.Forwards, s.Name) {
			return r
		}
		for _, replica := range s.replicas {
			if replica.attempt != nil && slices.Contains(r.Measures, replica.attempt.Nonce) {
				return r
			}
		}
	}
	return nil
}

// changes names a service whose number changes in this pass, of a run's target and what it forwards to; "" when none does.
func (x *experiment) changes(target string) string {
	s := x.service[target]
	if s == nil {
		return ""
	}
	for _, name := range append([]string{target}, s.Forwards...) {
		if of := x.service[name]; of != nil && of.scaling.changing {
			return name
		}
	}
	return ""
}

// top is the lowest of the bounds on growth, but for max.
func (w *world) top(x *experiment, s *service) ceiling {
	lowest := ceiling{most: s.Scale.Max, cause: cause{AtMaximum, fmt.Sprintf("max is %d", s.Scale.Max)}}
	for _, c := range []ceiling{w.byQOS(s), w.byBudget(x, s)} {
		if c.most < lowest.most {
			lowest = c
		}
	}
	return lowest
}

// byQOS is how many replicas the QOS of a service lets run beside the other allocations under it.
func (w *world) byQOS(s *service) ceiling {
	if s.Scale.Jobs == 0 {
		return ceiling{most: s.Scale.Max}
	}
	others := 0
	for _, x := range w.exps {
		for _, alloc := range x.allocs {
			if alloc != s.of && alloc.job.QOS == s.Job.QOS && !x.released.set() {
				others += alloc.wantedSlots()
			}
		}
	}
	left := max(0, s.Scale.Jobs-others)
	return ceiling{left, cause{LimitedByQOS, fmt.Sprintf("qos %s lets %d jobs of a user run at once, and %d are of other services", s.Job.QOS, s.Scale.Jobs, others)}}
}

// byBudget is how many replicas a budget covers, each for its whole walltime; those that run are counted already.
func (w *world) byBudget(x *experiment, s *service) ceiling {
	for n := s.of.slots + 1; n <= s.Scale.Max; n++ {
		more := n - s.of.slots
		holds := Holds{s.of.holds.Nodes * more, s.of.holds.GPUs * more}
		if because := w.affords(x, holds, s.of.job.Time); because.set() {
			return ceiling{max(n-1, s.Scale.Min), because}
		}
	}
	return ceiling{most: s.Scale.Max}
}

// wantedSlots is how many jobs an allocation has from this pass on.
func (alloc *allocation) wantedSlots() int {
	if s := alloc.members[0]; s.scaling.changing {
		return s.scaling.is.Number
	}
	return alloc.slots
}
