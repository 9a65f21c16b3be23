package view

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/procid"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// ListenerStatus is who listens at an address, and how strangers are kept out.
type ListenerStatus struct {
	Address    string `json:"address"`          // host:port, by which clients reach it
	Node       string `json:"node,omitempty"`   // where it is; empty: where the controller runs
	Owner      string `json:"owner"`            // controller, agent, run, or SERVICE[.COMPONENT]
	What       string `json:"what"`             // what is served, in a few words
	Protection string `json:"protection"`       // one of drivers.ByToken …
	JobID      string `json:"jobID,omitempty"`  // of the scheduler
	Credential string `json:"secret,omitempty"` // the file of what clients prove themselves by
}

// listeners are all that assay and its services have opened, as the controller and the agents report it, by experiment.
func (s Snapshot) listeners() ([]Object, error) {
	var out []Object
	listed := map[string]bool{}
	for _, l := range s.controller() {
		listed[l.Address] = true
		out = append(out, New("Listener", Metadata{Name: l.Address}, nil, l))
	}
	pages, err := s.pages()
	if err != nil {
		return nil, err
	}
	for _, l := range pages {
		out = append(out, New("Listener", Metadata{Name: l.Address}, nil, l))
	}
	attempts, err := s.store.Attempts()
	if err != nil {
		return nil, fmt.Errorf("finding the jobs whose programs listen: %w", err)
	}
	for _, a := range attempts {
		if a.End != nil {
			continue
		}
		found, err := s.ofAttempt(a)
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			if listed[l.Address] { // a controller inside this job
				continue
			}
			out = append(out, New("Listener", Metadata{Name: l.Address, Experiment: a.Experiment}, nil, l))
		}
	}
	for _, e := range s.Statuses {
		for _, r := range e.Runs {
			if l := rendezvous(r.Dir); l != nil && active(r) {
				l.Owner, l.JobID = "run/"+r.ID, r.JobID
				out = append(out, New("Listener", Metadata{Name: l.Address, Experiment: e.Name}, nil, *l))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Object) int { return strings.Compare(a.Metadata.Experiment, b.Metadata.Experiment) })
	return out, nil
}

// controller are the listeners of the process that runs the loop: the embedded Prometheus, and where it says how it is.
func (s Snapshot) controller() (out []ListenerStatus) {
	holder, holds, err := s.store.Holder()
	if err != nil || !holds {
		return nil
	}
	for _, l := range []struct{ file, what, token string }{
		{store.PrometheusFile, "embedded Prometheus", drivers.QueryToken},
		{store.ControllerFile, "its metrics; whether it works says it to anybody", drivers.ScrapeToken},
	} {
		at, err := durable.OptionalRecord[procid.Address](filepath.Join(s.store.Dir(), l.file))
		if err != nil || at == nil || at.Gone() {
			continue
		}
		if u, err := url.Parse(at.URL); err == nil && u.Host != "" {
			out = append(out, ListenerStatus{Address: u.Host, Node: holder.Host, Owner: "controller", What: l.what, Protection: drivers.ByToken,
				Credential: drivers.SecretFile(s.store.Dir(), l.token)})
		}
	}
	return out
}

// pages are the live pages, of controllers and of their own.
func (s Snapshot) pages() (out []ListenerStatus, err error) {
	all, err := s.store.Pages()
	for _, at := range all {
		if u, err := url.Parse(at.URL); err == nil && u.Host != "" {
			out = append(out, ListenerStatus{Address: u.Host, Node: at.Owner.Host, Owner: "web", What: "the live page and its JSON", Protection: drivers.ByToken,
				Credential: drivers.SecretFile(s.store.Dir(), drivers.WebToken)})
		}
	}
	return out, err
}

// ofAttempt are those of a job: its agents, their relays, its processes.
func (s Snapshot) ofAttempt(a plan.Attempt) ([]ListenerStatus, error) {
	seat := a.Seat
	files := s.store.JobFiles(seat, a.Nonce)
	state, err := files.State()
	if err != nil || state == nil || state.Nonce != a.Nonce || state.End != nil {
		return nil, err
	}
	desired, err := files.Desired()
	if err != nil {
		return nil, err
	}
	var out []ListenerStatus
	add := func(l ListenerStatus) {
		l.JobID = string(a.JobID)
		l.Node = cmp.Or(l.Node, state.Node)
		out = append(out, l)
	}
	for _, n := range state.Nodes {
		if u, err := url.Parse(n.Metrics); err == nil && u.Host != "" {
			add(ListenerStatus{Address: u.Host, Node: n.Name, Owner: "agent", What: "metrics of its node and processes", Protection: drivers.ByToken, Credential: desired.Token})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(state.Relays)) {
		add(ListenerStatus{Address: local(state.Relays[name]), Owner: "agent", What: "relay to " + name, Protection: drivers.OwnPrograms})
	}
	for _, p := range state.Processes {
		for _, l := range ofProcess(p, desired.Processes) {
			add(l)
		}
	}
	return out, nil
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// ofProcess are the ports of a process that runs, each with the protection that was declared for it.
func ofProcess(p drivers.ProcessState, desired []drivers.Process) (out []ListenerStatus) {
	u, err := url.Parse(p.Endpoint)
	if err != nil || u.Host == "" || p.PID == 0 {
		return nil
	}
	var want drivers.Process
	if i := slices.IndexFunc(desired, func(d drivers.Process) bool { return d.Name == p.Name }); i >= 0 {
		want = desired[i]
	}
	main, err := strconv.Atoi(u.Port())
	if err != nil {
		return nil
	}
	ports := maps.Clone(p.Ports)
	if ports == nil {
		ports = map[string]int{}
	}
	ports[""] = main
	for _, name := range slices.Sorted(maps.Keys(ports)) {
		l := ListenerStatus{Address: net.JoinHostPort(u.Hostname(), strconv.Itoa(ports[name])), Owner: p.Name, What: cmp.Or(name, "main port")}
		l.Protection, l.Credential = protection(want, name)
		if l.Protection == drivers.OnLoopback {
			l.Address = local(ports[name])
		}
		out = append(out, l)
	}
	return out
}

// protection is what keeps strangers from a port of a process, and the file of what opens it.
func protection(p drivers.Process, port string) (word, credential string) {
	word = p.Protected[port]
	switch {
	case word == drivers.ByPassword && len(p.Generate) > 0:
		return word, p.Generated(0)
	case word == drivers.ByPassword:
		return word, p.Password
	case word == drivers.ByCertificate:
		return word, p.Certificate
	case word == "" && p.Token != "" && port == "":
		return drivers.ByToken, p.Secrets[p.Token]
	}
	return cmp.Or(word, drivers.Unprotected), ""
}

// rendezvous is where the processes of a run on several nodes meet; nil: the run has none.
func rendezvous(dir string) *ListenerStatus {
	var m struct {
		Address string `json:"address"`
	}
	if err := durable.ReadRecord(filepath.Join(dir, drivers.RendezvousFile), &m); err != nil || m.Address == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(m.Address)
	if err != nil {
		return nil
	}
	return &ListenerStatus{Address: m.Address, Node: host, What: "processes of the run on other nodes", Protection: drivers.ByToken,
		Credential: filepath.Join(dir, drivers.RendezvousFile)}
}

func listenerRow(o Object) []string {
	l := o.Status.(ListenerStatus)
	experiment := cmp.Or(o.Metadata.Experiment, "-")
	return []string{experiment, l.Address, cmp.Or(l.Node, "-"), l.Owner, l.What, l.Protection}
}
