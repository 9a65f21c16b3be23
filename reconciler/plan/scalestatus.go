package plan

import (
	"fmt"
	"time"

	"assay/api/v1alpha1"
)

// scaleStatus says what a metric asks for, and why the number is as it is; nil of a service that none scales.
func (w *world) scaleStatus(x *experiment, s *service) *v1alpha1.ScaleStatus {
	if s.Scale == nil {
		return nil
	}
	g := s.scaling
	st := &v1alpha1.ScaleStatus{Min: s.Scale.Min, Max: s.Scale.Max, Metric: s.Scale.Metric, Target: s.Scale.Target, Asked: g.is.Asked,
		Changed: moment(g.is.Changed), Reason: string(g.why.reason), Message: g.why.message}
	if g.is.Reason != MetricUnknown && !g.is.Answered.IsZero() {
		st.Value, st.Answered = &g.is.Value, moment(g.is.Answered)
	}
	for _, id := range x.openSeats {
		for _, a := range w.open[id] {
			if id.Group == s.Name && id.Slot >= s.Slots && a.End == nil && a.Cancelled == "" {
				st.Leaving = append(st.Leaving, string(a.JobID))
			}
		}
	}
	return st
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	shown := t // so that a zero time costs no allocation
	return &shown
}

// enough is whether a service counts as Ready: one that a metric scales does as soon as it has its least number of replicas,
// since the others can wait long for a node.
func enough(s *service, there int, ready string, because cause) (string, cause) {
	if s.Scale == nil || ready != v1alpha1.False || there < s.Scale.Min {
		return ready, because
	}
	switch because.reason {
	case Suspended, Deleted, Done:
		return ready, because
	}
	return v1alpha1.True, cause{Ready, fmt.Sprintf("%d of %d replicas are Ready; of the others: %s", there, s.Slots, because.message)}
}

// scaleSteps are what `assay plan` says of services that a metric scales, or scales in another way from now on.
func (w *world) scaleSteps(x *experiment) (out []Step) {
	for _, s := range x.services {
		if s.Scale == nil {
			continue
		}
		for _, was := range w.o.Previous[x.Name].Services {
			if now := s.Scale; was.Name == s.Name && (was.Scale == nil || was.Scale.Min != now.Min || was.Scale.Max != now.Max || was.Scale.Metric != now.Metric || was.Scale.Target != now.Target) {
				out = append(out, Step{Symbol: Update, Object: x.Name + "/" + s.Name, Reason: fmt.Sprintf("it has %d to %d replicas from now on, so that %s is %.4g; %d for a start", now.Min, now.Max, now.Metric, now.Target, s.Slots)})
			}
		}
	}
	return out
}
