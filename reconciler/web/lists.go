package web

import (
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// table is a kind in rows, as assay get prints it.
type table struct {
	Kind   string
	Header []string
	Rows   [][]string
	Empty  string // what is said when there is none
}

func (r *request) table(kind, empty string) (*page, error) {
	items, err := r.items(kind, view.Filter{})
	if err != nil {
		return nil, err
	}
	t := table{Kind: kind, Empty: empty}
	t.Header, t.Rows = view.Table(kind, items, false, nil)
	return &page{View: "table", Data: t, Every: 5, Crumbs: []crumb{{"Experiments", "/"}}}, nil
}

func nodesPage(r *request) (*page, error) {
	p, err := r.table("nodes", "No job holds a node, and none is avoided.")
	if err == nil {
		p.Title = "Nodes"
	}
	return p, err
}

func listenersPage(r *request) (*page, error) {
	p, err := r.table("listeners", "Nobody listens.")
	if err == nil {
		p.Title = "Listeners"
	}
	return p, err
}

// eventsView are events, the newest first.
type eventsView struct {
	Experiment string // empty: of all
	Events     []store.Event
	Most       int
}

func eventsPage(r *request) (*page, error) {
	all, err := r.events("", eventsOnPage)
	return &page{Title: "Events", View: "events", Data: eventsView{Events: all, Most: eventsOnPage}, Every: 3, Crumbs: []crumb{{"Experiments", "/"}}}, err
}

func experimentEventsPage(r *request) (*page, error) {
	name, err := r.name("experiment")
	if err != nil {
		return nil, err
	}
	all, err := r.events(name, eventsOnPage)
	return &page{Title: "Events", View: "events", Data: eventsView{Experiment: name, Events: all, Most: eventsOnPage}, Every: 3, Crumbs: crumbs(name)}, err
}
