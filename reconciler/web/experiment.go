package web

import (
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

const (
	runsOnPage     = 50
	runsShown      = 10 // on the page of an experiment
	eventsShown    = 12
	revisionsShown = 20
	eventsOnPage   = 500
	mostSkip       = 1 << 20
)

func experimentData(r *request) (any, error) {
	e, err := r.experiment()
	if err != nil {
		return nil, err
	}
	return r.one("experiments", e.Name, view.Filter{Runs: true})
}

// experimentView is the page of an experiment.
type experimentView struct {
	experimentLine
	Head      store.Revision
	Services  []v1alpha1.ServiceStatus
	Next      upcoming
	Timeline  timeline
	Recent    []view.Object // runs, the newest first
	More      int           // older ones
	Revisions []view.Object // the newest first
	Older     int           // revisions that are not shown
	Events    []store.Event // the newest first
	Running   []string
}

func experimentPage(r *request) (*page, error) {
	e, err := r.experiment()
	if err != nil {
		return nil, err
	}
	v := experimentView{experimentLine: lineOf(e), Head: r.seen.Heads[e.Name], Services: e.Services, Running: view.Running(e)}
	v.Next = r.upcoming(e)
	if v.Timeline, err = r.timeline(e); err != nil {
		return nil, err
	}
	if v.Recent, v.More, err = r.runs(view.Filter{Experiment: e.Name, Limit: runsShown}); err != nil {
		return nil, err
	}
	if v.Revisions, err = r.items("revisions", view.Filter{Experiment: e.Name}); err != nil {
		return nil, err
	}
	slices.Reverse(v.Revisions)
	v.Older = max(0, len(v.Revisions)-revisionsShown)
	v.Revisions = v.Revisions[:len(v.Revisions)-v.Older]
	if v.Events, err = r.events(e.Name, eventsShown); err != nil {
		return nil, err
	}
	return &page{Title: e.Name, Crumbs: []crumb{{"Experiments", "/"}}, View: "experiment", Data: v, Every: 2}, nil
}

// runs are those that a filter allows, the newest first, and how many older ones there are.
func (r *request) runs(f view.Filter) (out []view.Object, more int, err error) {
	more, err = r.seen.EachRun(f, func(o view.Object) error { out = append(out, o); return nil })
	slices.Reverse(out)
	return out, more, err
}

// lately is when an event happened the last time.
func lately(e store.Event) time.Time {
	if e.Last.IsZero() {
		return e.Time
	}
	return e.Last
}

// events are the last of an experiment, or of all without one, the newest first.
func (r *request) events(experiment string, most int) (out []store.Event, err error) {
	all, err := r.s.events.Events(experiment)
	out = slices.Clone(all)
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b store.Event) int { return lately(b).Compare(lately(a)) })
	return out[:min(len(out), most)], err
}
