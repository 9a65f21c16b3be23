package reconciler

import (
	"context"
	"maps"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
)

// scaled is what the loop knows of services that a metric scales. What is remembered is read once: the holder of the lease is its
// only writer.
type scaled struct {
	values  drivers.Valuer // nil: nobody can be asked
	records map[string]plan.Scaled
	read    bool // all of them were read
	answers map[string]answered
}

// answered is an answer, and when it was given, by the steady clock.
type answered struct {
	plan.Answer
	key string // experiment/service
	at  time.Time
}

// observeScaled reads what is remembered of scaled services, and what their metrics said last. Questions that are due go out
// beside the pass; a reader asks none.
func (l *Loop) observeScaled(d plan.Desired, o *plan.Observed) error {
	c := &l.scaled
	if !c.read || l.Lease == nil {
		records, err := l.Store.Scaled()
		c.read = err == nil
		if err := l.tolerate("reading how many replicas services have", err); err != nil {
			return err
		}
		c.records = records
	}
	o.Scaled = maps.Clone(c.records)
	now, keep := l.steady(), map[string]answered{}
	o.Answers = map[string]plan.Answer{}
	for _, e := range d.Experiments {
		for _, s := range e.Services {
			if s.Scale == nil {
				continue
			}
			key := e.Name + "/" + s.Name
			a, known := c.answers[key]
			if known && a.Metric == s.Scale.Metric {
				keep[key] = a
				a.Age += now.Sub(a.at)
				o.Answers[key] = a.Answer
			}
			if l.Lease != nil && !e.Suspend && !e.Deleting && (!known || a.Metric != s.Scale.Metric || now.Sub(a.at) >= s.Scale.Every) {
				l.question(key, s.Scale.Metric)
			}
		}
	}
	c.answers = keep
	return nil
}

// question asks Prometheus. The answer, or that there is none, comes with the outcome.
func (l *Loop) question(key, metric string) {
	l.beside.add(effect{at: place{what: "metric of " + key}, kind: questions, do: func(ctx context.Context) outcome {
		a := answered{Answer: plan.Answer{Metric: metric}, key: key}
		if l.scaled.values == nil {
			a.Err = "no Prometheus is connected"
		} else {
			ctx, cancel := context.WithTimeout(ctx, queryTimeout)
			defer cancel()
			v, age, err := l.scaled.values.Value(ctx, metric)
			if err != nil {
				a.Err = err.Error()
			}
			a.Value, a.Age = v, age
		}
		a.At, a.at = l.Clock(), l.steady()
		return outcome{answer: &a}
	}})
}

// remembered takes in what was written down.
func (l *Loop) remembered(a plan.Action) {
	key := a.Scaled.Experiment + "/" + a.Scaled.Service
	if delete(l.scaled.records, key); a.Verb == plan.Remember {
		l.scaled.records[key] = *a.Scaled
	}
}
