package web

import (
	"fmt"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/procid"
	"assay/reconciler/view"
)

// experimentLine is an experiment in a row.
type experimentLine struct {
	v1alpha1.ExperimentStatus
	Health, Why, Message string
	Ready, Services      int
	Done, Runs           int
	Budget               string
}

// health is how an experiment is, in a word, and why.
func health(e v1alpha1.ExperimentStatus) (word, reason, message string) {
	find := func(typ string) v1alpha1.Condition { return v1alpha1.Find(e.Conditions, typ) }
	ready, complete := find(v1alpha1.Ready), find(v1alpha1.Complete)
	switch stalled, failed := find(v1alpha1.Stalled), failedBenchmark(e); {
	case stalled.Status == v1alpha1.True:
		return v1alpha1.Stalled, stalled.Reason, stalled.Message
	case e.Deleting:
		return "Deleting", complete.Reason, complete.Message
	case failed.Status == v1alpha1.True:
		return v1alpha1.Failed, failed.Reason, failed.Message
	case e.Suspended:
		return "Suspended", "", ""
	case ready.Status == v1alpha1.Unknown:
		return v1alpha1.Unknown, ready.Reason, ready.Message
	case complete.Status == v1alpha1.True && len(e.Benchmarks) > 0:
		return v1alpha1.Complete, complete.Reason, complete.Message
	case ready.Status != v1alpha1.True:
		return "Starting", ready.Reason, ready.Message
	case len(e.Benchmarks) > 0:
		return "Measuring", complete.Reason, complete.Message
	}
	return v1alpha1.Ready, ready.Reason, ready.Message
}

func failedBenchmark(e v1alpha1.ExperimentStatus) v1alpha1.Condition {
	for _, b := range e.Benchmarks {
		if c := v1alpha1.Find(b.Conditions, v1alpha1.Failed); c.Status == v1alpha1.True {
			return c
		}
	}
	return v1alpha1.Condition{}
}

func lineOf(e v1alpha1.ExperimentStatus) experimentLine {
	l := experimentLine{ExperimentStatus: e, Budget: view.SpendingCell(e), Services: len(e.Services)}
	l.Health, l.Why, l.Message = health(e)
	for _, v := range e.Services {
		if v.Ready >= v.Replicas {
			l.Ready++
		}
	}
	for _, b := range e.Benchmarks {
		l.Done, l.Runs = l.Done+b.Done, l.Runs+b.Runs
	}
	return l
}

// controller is who runs the loop.
type controller struct {
	Runs      bool       `json:"runs"`
	What      string     `json:"what,omitempty"` // controller, apply, watch …
	Host      string     `json:"host,omitempty"`
	PID       int        `json:"pid,omitempty"`
	User      string     `json:"user,omitempty"`
	Epoch     int64      `json:"epoch,omitempty"`
	Heartbeat uint64     `json:"heartbeat,omitempty"` // a counter that rises while it lives
	Alive     string     `json:"alive,omitempty"`     // yes, or unknown: it is on another host
	Observed  *time.Time `json:"observed,omitempty"`  // when the oldest status of all was observed
	Problem   string     `json:"problem,omitempty"`   // why nothing was observed now
	State     string     `json:"stateDirectory"`
	Site      string     `json:"site"`
}

func (r *request) controller() (controller, error) {
	c := controller{State: r.s.o.Store.Dir(), Site: r.s.o.Site.Metadata.Name, Problem: r.seen.Problem}
	h, holds, err := r.s.o.Store.Holder()
	if err != nil {
		return c, fmt.Errorf("finding out who runs the loop: %w", err)
	}
	if holds {
		c.Runs, c.What, c.Host, c.PID, c.User, c.Epoch, c.Heartbeat = true, h.What, h.Host, h.PID, h.User, h.Epoch, h.Heartbeat
		c.Alive = map[bool]string{true: "yes", false: "unknown"}[h.State() == procid.Alive]
	}
	for _, e := range r.seen.Statuses {
		if c.Observed == nil || e.Observed.Before(*c.Observed) {
			c.Observed = &e.Observed
		}
	}
	return c, nil
}

func controllerData(r *request) (any, error) { return r.controller() }

func sitesData(r *request) (any, error) {
	all, err := r.s.o.Sites()
	return view.NewList(all), err
}

func experimentsData(r *request) (any, error) { return r.list("experiments", view.Filter{Runs: true}) }

func indexPage(r *request) (*page, error) {
	c, err := r.controller()
	if err != nil {
		return nil, err
	}
	sites, err := r.s.o.Sites()
	if err != nil {
		return nil, err
	}
	var all []experimentLine
	for _, e := range r.seen.Statuses {
		all = append(all, lineOf(e))
	}
	return &page{Title: "Experiments", View: "index", Every: 2, Data: map[string]any{"Experiments": all, "Controller": c, "Sites": sites}}, nil
}
