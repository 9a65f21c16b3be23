package reconciler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"assay/drivers"
	"assay/reconciler/each"
	"assay/reconciler/plan"
	"assay/reconciler/store"
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
	attempts, err := l.journal()
	if err != nil {
		return plan.Observed{}, err
	}
	o := plan.Observed{Attempts: attempts, Listing: l.list(ctx, openOf(attempts)), Previous: l.published}
	_, o.Fences = l.Scheduler.(drivers.Fencer)
	l.rebuild(attempts, o.Listing)
	open := openOf(attempts)
	o.Agents, o.Acknowledged = l.agents(ctx, open, o.Listing), l.acknowledged(attempts, d)
	if err := l.observeRuns(d, &o); err != nil {
		return plan.Observed{}, err
	}
	if o.Reruns, err = l.Store.Reruns(); err != nil {
		return plan.Observed{}, fmt.Errorf("reading which runs are asked for again: %w", err)
	}
	d.AtPoints(l.Clock(), o.Runs, o.Past)
	o.Records, err = l.Store.Folders()
	if err := l.tolerate("reading the directories that were made", err); err != nil {
		return plan.Observed{}, err
	}
	if o.Exported, err = l.exported(d); err != nil {
		return plan.Observed{}, fmt.Errorf("reading which metrics are stored: %w", err)
	}
	o.Folders, o.Absent = l.observeFolders(ctx, d), l.absent(d)
	o.Externals = l.externals(ctx, d)
	o.Metrics, o.Sources = l.health(ctx), l.sources()
	if err := l.observeScaled(d, &o); err != nil {
		return plan.Observed{}, err
	}
	if o.Forgotten, err = l.forgotten(o.Sources); err != nil {
		return plan.Observed{}, err
	}
	o.Now = l.Clock()
	return o, nil
}

func openOf(attempts []plan.Attempt) []plan.Attempt {
	return slices.DeleteFunc(slices.Clone(attempts), func(a plan.Attempt) bool { return a.End != nil })
}

// aged is something that was read at a time and is good for a while.
type aged[T any] struct {
	at    time.Time
	value T
}

func (a aged[T]) fresh(now time.Time) bool { return !a.at.IsZero() && now.Sub(a.at) < askEvery }

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
	now := l.steady()
	found := make([]aged[plan.External], len(names))
	each.Do(l.workers, len(names), func(i int) {
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
	now := l.steady()
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
	l.tellMetrics(m.Err)
	m.Down = l.downFor(m.Targets, now)
	l.scraped = aged[plan.Metrics]{now, m}
	return m
}

// downFor is how long each target that Prometheus does not reach has been so, as far as this controller has seen it.
func (l *Loop) downFor(targets map[string]drivers.Health, now time.Time) map[string]time.Duration {
	since, out := map[string]time.Time{}, map[string]time.Duration{}
	for id, h := range targets {
		if h.Up {
			continue
		}
		since[id] = now
		if at, before := l.down[id]; before {
			since[id] = at
		}
		out[id] = now.Sub(since[id])
	}
	l.down = since
	return out
}

// tellMetrics writes an event when Prometheus can no longer be asked, and when it can again.
func (l *Loop) tellMetrics(failed string) {
	if l.Lease == nil || (failed == "") == (l.scraped.value.Err == "") {
		return
	}
	e := store.Event{Type: normal, Object: "prometheus", Reason: string(plan.Answering), Message: "Prometheus answers again"}
	if failed != "" {
		e.Type, e.Reason, e.Message = warning, string(plan.PrometheusUnreachable), failed
	}
	l.note(e)
}
