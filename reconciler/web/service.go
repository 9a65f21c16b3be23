package web

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"assay/api/v1alpha1"
	"assay/reconciler/logs"
	"assay/reconciler/plan"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

const (
	linesShown = 40
	linesAsked = 100
	mostLines  = 1000
	mostLog    = 512 << 10 // bytes
)

func serviceData(r *request) (any, error) {
	e, v, err := r.service()
	if err != nil {
		return nil, err
	}
	return r.one("services", e.Name+"/"+v.Name, view.Filter{})
}

// logText is the end of the logs of a service or run, without the secrets of the state directory.
type logText struct {
	Lines   string `json:"lines"`
	Problem string `json:"problem,omitempty"` // why there is none
	Cut     bool   `json:"cut,omitempty"`     // the beginning was left out
}

func logsData(r *request) (any, error) {
	e, v, err := r.service()
	if err != nil {
		return nil, err
	}
	lines, err := r.number("lines", linesAsked, 1, mostLines)
	if err != nil {
		return nil, err
	}
	return r.logs(e.Name+"/"+v.Name, lines), nil
}

func (r *request) logs(name string, lines int) (t logText) {
	values, err := r.s.o.Store.SecretValues()
	if err != nil {
		return logText{Problem: "the logs are not shown: " + err.Error()}
	}
	var b bytes.Buffer
	out := values.Writer(&b)
	p := logs.Printer{Store: r.s.o.Store, Name: name, Out: out, Note: func(format string, v ...any) {
		_ = out.Flush() // into memory
		fmt.Fprintf(&b, format+"\n", v...)
	}}
	err = p.Print(r.Context(), lines, false)
	if err = errors.Join(err, out.Flush()); err != nil {
		t.Problem = err.Error()
	}
	all := b.Bytes()
	if len(all) > mostLog {
		all, t.Cut = all[len(all)-mostLog:], true
	}
	t.Lines = string(all)
	return t
}

// serviceView is the page of a service.
type serviceView struct {
	v1alpha1.ServiceStatus
	Experiment    string
	State, Detail string
	Advice        string
	Panels        []panel
	NoMetrics     string
	Lacking       string // panels without a sample
	Log           logText
	Attempts      []bar // the newest first
	Events        []store.Event
}

func servicePage(r *request) (*page, error) {
	e, v, err := r.service()
	if err != nil {
		return nil, err
	}
	s := serviceView{ServiceStatus: v, Experiment: e.Name, State: view.ServiceState(v), Detail: view.ServiceDetail(v)}
	if c := v1alpha1.Find(v.Conditions, v1alpha1.Ready); c.Status != v1alpha1.True {
		s.Advice = plan.Advice(plan.Reason(c.Reason))
	}
	s.Panels = r.panels(e, v, minutesShown)
	s.NoMetrics, s.Lacking = unanswered(s.Panels), lacking(s.Panels)
	s.Log = r.logs(e.Name+"/"+v.Name, linesShown)
	t, err := r.timeline(e)
	if err != nil {
		return nil, err
	}
	mine := map[string]bool{}
	for _, seat := range v.Seats {
		mine[placeOf(seat.Seat)] = true
	}
	for _, l := range t.Lanes {
		if mine[l.Seat] {
			s.Attempts = append(s.Attempts, l.Jobs...)
		}
	}
	slices.SortFunc(s.Attempts, func(a, b bar) int { return b.Submitted.Compare(a.Submitted) })
	all, err := r.events(e.Name, eventsOnPage)
	if err != nil {
		return nil, err
	}
	for _, ev := range all {
		if ev.Object == "service/"+v.Name && len(s.Events) < eventsShown {
			s.Events = append(s.Events, ev)
		}
	}
	return &page{Title: v.Name, Crumbs: []crumb{{"Experiments", "/"}, {e.Name, "/experiments/" + e.Name}}, View: "service", Data: s, Every: 5}, nil
}
