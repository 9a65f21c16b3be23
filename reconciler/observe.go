package reconciler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
)

const (
	callTimeout  = 30 * time.Second // of one call of a scheduler; its driver has shorter ones for its own commands
	probeTimeout = 3 * time.Second  // of probing one external server
	queryTimeout = 5 * time.Second  // of one question to Prometheus
	askEvery     = 5 * time.Second  // external servers and Prometheus are asked no more often
)

// observe reads the world. The order matters: the journal, then the scheduler, then files, so that what a job left
// behind is complete once the scheduler says that it has ended.
// An unreadable journal is an error; other parts that cannot be read are Unknown with their reason.
func (l *Loop) observe(ctx context.Context, d plan.Desired) (plan.Observed, error) {
	attempts, err := l.Store.Attempts()
	if err != nil {
		return plan.Observed{}, fmt.Errorf("reading the journal: %w", err)
	}
	open := slices.DeleteFunc(slices.Clone(attempts), func(a plan.Attempt) bool { return a.End != nil })
	o := plan.Observed{Attempts: attempts, Listing: l.list(ctx, open), Previous: l.published}
	o.Agents = l.agents(ctx, open, o.Listing)
	if err := l.observeRuns(d, &o); err != nil {
		return plan.Observed{}, err
	}
	if o.Reruns, err = l.Store.Reruns(); err != nil {
		return plan.Observed{}, fmt.Errorf("reading which runs are asked for again: %w", err)
	}
	d.AtPoints(o.Runs, o.Past)
	if o.Records, err = l.Store.Folders(); err != nil {
		return plan.Observed{}, fmt.Errorf("reading the directories that were made: %w", err)
	}
	if o.Exported, err = l.exported(d); err != nil {
		return plan.Observed{}, fmt.Errorf("reading which metrics are stored: %w", err)
	}
	o.Folders, o.Absent = l.observeFolders(ctx, d), l.absent(d)
	o.Externals = l.externals(ctx, d)
	o.Metrics, o.Sources = l.health(ctx), l.sources()
	o.Now = l.Clock()
	return o, nil
}

// aged is something that was read at a time and is good for a while.
type aged[T any] struct {
	at    time.Time
	value T
}

func (a aged[T]) fresh(now time.Time) bool { return !a.at.IsZero() && now.Before(a.at.Add(askEvery)) }

// externals probes the servers that assay does not run.
func (l *Loop) externals(ctx context.Context, d plan.Desired) map[string]plan.External {
	var names []string
	var services []plan.Service
	for _, e := range d.Experiments {
		for _, s := range e.Services {
			if s.URL != "" {
				names, services = append(names, e.Name+"/"+s.Name), append(services, s)
			}
		}
	}
	now := l.Clock()
	found := make([]aged[plan.External], len(names))
	each(l.workers, len(names), func(i int) {
		last, seen := l.external[names[i]+" "+services[i].Proc]
		if seen && last.fresh(now) {
			found[i] = last
			return
		}
		found[i] = aged[plan.External]{now, l.probe(ctx, services[i])}
	})
	out := make(map[string]plan.External, len(names))
	l.external = make(map[string]aged[plan.External], len(names))
	for i, name := range names {
		out[name], l.external[name+" "+services[i].Proc] = found[i].value, found[i]
	}
	return out
}

func (l *Loop) probe(ctx context.Context, s plan.Service) plan.External {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var e plan.External
	token, err := drivers.ReadToken(s.TokenFile())
	if err != nil {
		return plan.External{Message: err.Error()}
	}
	for _, p := range s.Processes[0].Probes {
		models, err := l.Probe(ctx, s.URL, token, p)
		if err != nil {
			return plan.External{Message: err.Error()}
		}
		e.Models = append(e.Models, models...)
	}
	e.Ready = true
	return e
}

// health asks Prometheus what it scrapes.
func (l *Loop) health(ctx context.Context) plan.Metrics {
	if l.Metrics == nil {
		return plan.Metrics{Err: "no Prometheus is connected"}
	}
	now := l.Clock()
	if l.scraped.fresh(now) {
		return l.scraped.value
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	var m plan.Metrics
	targets, err := l.Metrics.Health(ctx)
	if err != nil {
		m.Err = err.Error()
	} else {
		m.Targets = targets
	}
	if m.Targets == nil {
		m.Targets = map[string]drivers.Health{}
	}
	l.scraped = aged[plan.Metrics]{now, m}
	return m
}
