package reconciler

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"assay/api/v1alpha1"
	"assay/reconciler/store/storetest"
)

// TestAddresses: the address file of a gateway has its Ready servers, whoever wrote it before; it goes with the last of them and
// with the gateway, and stays while nobody knows.
func TestAddresses(t *testing.T) {
	w := storetest.New(t)
	status := func(kind, ready string, seats ...v1alpha1.SeatStatus) []v1alpha1.ExperimentStatus {
		return []v1alpha1.ExperimentStatus{{Name: "e", Services: []v1alpha1.ServiceStatus{{Name: "front", Kind: kind, Seats: seats,
			Conditions: []v1alpha1.Condition{{Type: v1alpha1.Ready, Status: ready}}}}}}
	}
	one := v1alpha1.SeatStatus{Ready: true, Endpoint: "http://n1:1"}
	two, silent := one, one
	two.Endpoint, silent.Ready = "http://n2:2", false
	loop := func() *Loop { return &Loop{Store: w.St, Lease: w.Lease} }
	l := loop()
	for _, c := range []struct {
		what   string
		fresh  bool
		status []v1alpha1.ExperimentStatus
		want   string
	}{
		{"it is Ready", false, status(gateways, v1alpha1.True, one), "http://n1:1\n"},
		{"another job took over", false, status(gateways, v1alpha1.True, two), "http://n2:2\n"},
		{"nobody knows", false, status(gateways, v1alpha1.Unknown, silent), "http://n2:2\n"},
		{"another controller: nobody knows", true, status(gateways, v1alpha1.Unknown, silent), "http://n2:2\n"},
		{"two replicas", false, status(gateways, v1alpha1.True, two, one), "http://n1:1\nhttp://n2:2\n"},
		{"its revision does not compile", false, []v1alpha1.ExperimentStatus{{Name: "e"}}, "http://n1:1\nhttp://n2:2\n"},
		{"it is not Ready", false, status(gateways, v1alpha1.False, silent), ""},
		{"it is again", false, status(gateways, v1alpha1.True, one), "http://n1:1\n"},
		{"another kind has that name", true, status("vllm", v1alpha1.True, one), ""},
		{"it is again", false, status(gateways, v1alpha1.True, one), "http://n1:1\n"},
		{"it is forgotten", true, nil, ""},
	} {
		if c.fresh {
			l = loop()
		}
		if err := l.sendAddresses(c.status); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(w.St.AddressFile("e", "front"))
		if string(b) != c.want || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %q, %v; want %q", c.what, b, err, c.want)
		}
		if info, err := os.Stat(w.St.AddressFile("e", "front")); err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("its mode is %v", info.Mode())
		}
	}
}
