package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// TestUpstreams: Ready servers are listed, and those of which nothing is known; of several services, one without any by its model.
func TestUpstreams(t *testing.T) {
	at := func(url, ready string) *replica {
		return &replica{ready: ready, procs: []*drivers.ProcessState{{Endpoint: url}}}
	}
	x := &experiment{service: map[string]*service{
		"a": {Service: Service{Name: "a", Model: "m-a"}, replicas: []*replica{at("http://n1:1", v1alpha1.True), at("http://n2:1", v1alpha1.Unknown), at("http://n3:1", v1alpha1.False)}},
		"b": {Service: Service{Name: "b", Model: "m-b"}, replicas: []*replica{at("http://n4:1", v1alpha1.False)}},
		"c": {Service: Service{Name: "c", URL: "http://x:1"}},
	}}
	ofA := []drivers.Upstream{{Model: "m-a", URL: "http://n1:1"}, {Model: "m-a", URL: "http://n2:1"}}
	for name, c := range map[string]struct {
		forwards []string
		want     []drivers.Upstream
	}{
		"several":          {[]string{"a", "b", "c"}, append(ofA[:2:2], drivers.Upstream{Model: "m-b"}, drivers.Upstream{URL: "http://x:1"})},
		"one":              {[]string{"a"}, ofA},
		"one without any":  {[]string{"b"}, nil},
		"one that is gone": {[]string{"z"}, nil},
	} {
		got := (&world{}).upstreams(x, &service{Service: Service{Forwards: c.forwards}})
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
