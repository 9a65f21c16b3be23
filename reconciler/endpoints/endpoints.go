package endpoints

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// Endpoint is where one server answers.
type Endpoint struct {
	Experiment string
	Service    string // SERVICE, or SERVICE.COMPONENT
	Seat       string
	Ready      bool
	URL        *url.URL // with a host and a port, as the nodes see it
	Password   string   // the file of a generated password; empty: none
	Key        bool     // clients have to send a key: assay key SERVICE

	nonce string // of the job
}

// List returns the endpoints of running jobs, in the order of the status: of one experiment unless it is empty, of one
// service unless that is. Those whose agent gives no sign of life are left out, which note is told. It is an error when there
// are none, or when nothing has that name.
func List(ctx context.Context, st *store.Store, statuses []v1alpha1.ExperimentStatus, experiment, service string, note func(string, ...any)) ([]Endpoint, error) {
	all, err := lister{st, statuses}.list(experiment, service)
	if err != nil {
		return nil, err
	}
	out, stale := living(ctx, st, all)
	for _, s := range stale {
		note("%s", s)
	}
	if len(out) == 0 {
		return nil, errors.New("no endpoint can be relied on: nobody vouches any more for what was reported; look: assay get jobs")
	}
	return out, nil
}

type lister struct {
	st       *store.Store
	statuses []v1alpha1.ExperimentStatus
}

func (l lister) list(experiment, service string) ([]Endpoint, error) {
	var out []Endpoint
	known := experiment == ""
	for _, s := range l.statuses {
		if experiment != "" && s.Name != experiment {
			continue
		}
		for _, v := range s.Services {
			known = known || service == "" || v.Name == service
			if service != "" && v.Name != service {
				continue
			}
			for _, seat := range v.Seats {
				if running(seat) {
					out = append(out, l.seat(s.Name, v.Name, seat)...)
				}
			}
		}
		known = known || service == ""
	}
	switch {
	case !known && service != "":
		return nil, fmt.Errorf("no service %s/%s; what there is: assay get services", experiment, service)
	case !known:
		return nil, fmt.Errorf("no experiment %q; what there is: assay get experiments", experiment)
	case len(out) == 0:
		return nil, fmt.Errorf("no running service has an endpoint yet; look: assay get services")
	}
	return out, nil
}

// running reports whether a seat's job runs. While the scheduler cannot be asked, only an endpoint that answers is shown.
func running(seat v1alpha1.SeatStatus) bool {
	return seat.JobState == string(drivers.JobRunning) || seat.JobState == "" && seat.Nonce != ""
}

// seat lists the endpoints of one seat.
func (l lister) seat(experiment, service string, seat v1alpha1.SeatStatus) []Endpoint {
	all := seat.Endpoints
	if len(all) == 0 {
		all = map[string]string{"": seat.Endpoint}
	}
	var out []Endpoint
	for _, component := range slices.Sorted(maps.Keys(all)) {
		u, err := url.Parse(all[component])
		if err != nil || u.Hostname() == "" || u.Port() == "" {
			continue // not reported yet
		}
		name := service
		if component != "" && component != service {
			name = service + "." + strings.TrimPrefix(component, service+".")
		}
		e := Endpoint{Experiment: experiment, Service: name, Seat: seat.Seat, Ready: seat.Ready, URL: u, nonce: seat.Nonce}
		if p := l.process(seat, name); p != nil {
			e.Key = p.Token != ""
			switch {
			case len(p.Generate) > 0 && filepath.IsAbs(p.Data):
				e.Password = p.Generated(0)
			case p.Protected[""] == drivers.ByPassword:
				e.Password = p.Password
			}
		}
		out = append(out, e)
	}
	return out
}

// process is a server as its agent was told to run it, with where its generated password is (Grafana's); nil when that is not
// known.
func (l lister) process(seat v1alpha1.SeatStatus, name string) *drivers.Process {
	id, ok := drivers.ParseSeat(seat.Seat)
	if !ok {
		return nil
	}
	desired, err := l.st.ReadDesired(id, seat.Nonce)
	if err != nil {
		return nil // the service's own trouble shows in get and describe
	}
	if i := slices.IndexFunc(desired.Processes, func(p drivers.Process) bool { return p.Name == name }); i >= 0 {
		return &desired.Processes[i]
	}
	return nil
}
