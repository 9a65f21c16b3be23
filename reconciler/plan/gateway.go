package plan

import (
	"assay/api/v1alpha1"
	"assay/drivers"
)

// upstreams are the servers of a gateway: those of its targets that are Ready, each that leads its place. One of which nothing
// is known at the moment stays: the gateway finds out by itself whether it answers.
func (w *world) upstreams(x *experiment, gateway *service) (out []drivers.Upstream) {
	for _, name := range gateway.Forwards {
		s := x.service[name]
		switch {
		case s == nil:
			continue
		case s.URL != "":
			out = append(out, drivers.Upstream{Model: s.Model, URL: s.URL, Key: s.TokenFile()})
		}
		for _, replica := range s.replicas {
			if p := replica.endpoint(); replica.ready != v1alpha1.False && p != nil && p.Endpoint != "" {
				out = append(out, drivers.Upstream{Model: s.Model, URL: p.Endpoint, Key: s.TokenFile()})
			}
		}
	}
	return out
}
