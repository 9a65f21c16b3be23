package view

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/reconciler/plan"
	"assay/reconciler/view/text"
)

// NodeStatus is what is known of a node from our own jobs.
type NodeStatus struct {
	Jobs         []string   `json:"jobs,omitempty"`         // that run there now
	Services     []string   `json:"services,omitempty"`     // EXPERIMENT/NAME, in those jobs
	Failed       int        `json:"failed,omitempty"`       // jobs that the node ended
	Reason       string     `json:"reason,omitempty"`       // of the last of them
	AvoidedUntil *time.Time `json:"avoidedUntil,omitempty"` // new jobs stay away from it
}

// nodes are the nodes of the services' jobs, and those that new jobs avoid, by name.
func (s Snapshot) nodes() ([]Object, error) {
	attempts, err := s.store.Attempts()
	if err != nil {
		return nil, fmt.Errorf("finding the nodes that are avoided: %w", err)
	}
	found := map[string]NodeStatus{}
	for _, e := range s.Statuses {
		for _, v := range e.Services {
			for _, seat := range v.Seats {
				for _, name := range seat.Nodes {
					n := found[name]
					n.Jobs, n.Services = with(n.Jobs, seat.JobID), with(n.Services, e.Name+"/"+v.Name)
					found[name] = n
				}
			}
		}
	}
	for _, a := range plan.AvoidedNodes(attempts, time.Now()) {
		n := found[a.Node]
		n.Failed, n.Reason, n.AvoidedUntil = a.Jobs, string(a.Last), &a.Until
		found[a.Node] = n
	}
	var out []Object
	for _, name := range slices.Sorted(maps.Keys(found)) {
		out = append(out, New("Node", Metadata{Name: name}, nil, found[name]))
	}
	return out, nil
}

// holds reports whether an object is a node with a job of an experiment.
func holds(o Object, experiment string) bool {
	n, ok := o.Status.(NodeStatus)
	return ok && slices.ContainsFunc(n.Services, func(s string) bool { return strings.HasPrefix(s, experiment+"/") })
}

// with is a list that holds a word, once.
func with(list []string, word string) []string {
	if slices.Contains(list, word) {
		return list
	}
	return append(list, word)
}

func nodeRow(o Object) []string {
	n := o.Status.(NodeStatus)
	avoided := "-"
	if n.AvoidedUntil != nil {
		avoided = fmt.Sprintf("for %s: %s", text.Left(*n.AvoidedUntil), n.Reason)
	}
	return []string{o.Metadata.Name, text.Dash(strings.Join(n.Jobs, ",")), text.Dash(strings.Join(n.Services, ",")), strconv.Itoa(n.Failed), avoided}
}
