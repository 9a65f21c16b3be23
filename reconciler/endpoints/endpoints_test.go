package endpoints

import (
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
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
