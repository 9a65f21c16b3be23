package endpoints

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
	"assay/reconciler/store/storetest"
)

// TestComponentsHaveEndpointsOfTheirOwn lists each server of a service that has several, and where a password was made.
func TestComponentsHaveEndpointsOfTheirOwn(t *testing.T) {
	w := storetest.New(t)
	st, lease := w.St, w.Lease
	mon, err := lease.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: "e", Group: "mon"}, Experiment: "e"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lease.WriteDesired(mon.Seat, mon.Nonce, drivers.AgentDesired{Processes: []drivers.Process{
		{Name: "mon.grafana", Data: "/data/grafana", Generate: []string{"admin-password"}}, {Name: "mon.prometheus", Data: "/data/prometheus"},
	}}); err != nil {
		t.Fatal(err)
	}
	known := lister{st: st, statuses: []v1alpha1.ExperimentStatus{{Name: "e", Services: []v1alpha1.ServiceStatus{
		{Name: "mon", Seats: []v1alpha1.SeatStatus{{
			Seat: mon.Seat.String(), Nonce: mon.Nonce, JobState: "Running", Endpoint: "http://n1:9090",
			Endpoints: map[string]string{"mon.grafana": "http://n1:3000", "prometheus": "http://n1:9090", "otel-collector": ""},
		}}},
		{Name: "queued", Seats: []v1alpha1.SeatStatus{{Seat: "e/queued/0/0", JobState: "Pending", Endpoint: "http://n1:1"}}},
	}}}}
	all, err := known.list("", "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range all {
		got = append(got, strings.TrimSpace(x.Service+" "+x.URL.String()+" "+x.Password))
	}
	if want := "mon.grafana http://n1:3000 /data/grafana/admin-password, mon.prometheus http://n1:9090"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
	for service, want := range map[string]string{"mon": "", "queued": "no running service", "db": "no service e/db"} {
		if _, err := known.list("e", service); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("service %s: %v, want %q", service, err, want)
		}
	}
	if _, err := known.list("x", ""); err == nil || !strings.Contains(err.Error(), `no experiment "x"`) {
		t.Errorf("experiment x: %v", err)
	}
}

// TestOnlyLivingEndpoints: an endpoint counts while its agent gives signs of life and reports it; else the reason is told.
func TestOnlyLivingEndpoints(t *testing.T) {
	for name, c := range map[string]struct {
		state drivers.AgentState
		beats bool
		says  string // empty: it is listed
	}{
		"it lives":            {drivers.AgentState{Written: 1}, true, ""},
		"it was killed":       {drivers.AgentState{Written: 1}, false, "no sign of life"},
		"it has ended":        {drivers.AgentState{Written: 1, End: &drivers.AgentEnd{Reason: drivers.EndKilled}}, true, "its agent has ended: " + drivers.EndKilled},
		"it has another port": {drivers.AgentState{Written: 1, Processes: []drivers.ProcessState{{Endpoint: "http://n1:2"}}}, true, "this address no more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := storetest.New(t)
			at := w.Job("web", "7")
			if c.state.Processes == nil {
				c.state.Processes = []drivers.ProcessState{{Endpoint: "http://n1:1"}}
			}
			dir := w.St.JobDir(at.Seat, at.Nonce)
			beat := durable.Beat{Path: filepath.Join(dir, drivers.BeatFile), NoSync: true}
			defer beat.Close()
			if err := errors.Join(durable.Writer{NoSync: true}.ReplaceRecord(filepath.Join(dir, drivers.StateFile), c.state, nil), beat.Write(durable.Pulse{Count: 5, Of: 1})); err != nil {
				t.Fatal(err)
			}
			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(stopped)
				for n := uint64(6); ; n++ {
					select {
					case <-stop:
						return
					case <-time.After(10 * time.Millisecond):
						if c.beats {
							_ = beat.Write(durable.Pulse{Count: n, Of: 1})
						}
					}
				}
			}()
			var said string
			all, err := List(t.Context(), w.St, []v1alpha1.ExperimentStatus{{Name: "e", Services: []v1alpha1.ServiceStatus{{Name: "web", Seats: []v1alpha1.SeatStatus{
				{Seat: at.Seat.String(), Nonce: at.Nonce, JobState: "Running", Endpoint: "http://n1:1"}}}}}}, "", "", func(f string, v ...any) { said += fmt.Sprintf(f, v...) })
			close(stop)
			<-stopped
			if listed := len(all) == 1 && err == nil; listed != (c.says == "") || !strings.Contains(said, c.says) {
				t.Errorf("%v, %v, said %q; want %q", all, err, said, c.says)
			}
		})
	}
}
