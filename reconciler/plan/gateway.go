package plan

import (
	"assay/api/v1alpha1"
	"assay/drivers"
)

// upstreams are the servers of a gateway: those of its targets that are Ready, each that leads its place. One of which nothing
// is known at the moment stays: the gateway finds out by itself whether it answers. In front of several services, one without
// a server is listed by its model alone, so that its requests wait for it and do not go to another model.
func (w *world) upstreams(x *experiment, gateway *service) (out []drivers.Upstream) {
	for _, name := range gateway.Forwards {
		s, before := x.service[name], len(out)
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
		if len(out) == before && s.Model != "" && len(gateway.Forwards) > 1 {
			out = append(out, drivers.Upstream{Model: s.Model, Key: s.TokenFile()})
		}
	}
	return out
}
