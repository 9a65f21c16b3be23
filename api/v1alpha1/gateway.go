package v1alpha1

import (
	"fmt"
	"slices"
)

// Gateway is a reverse proxy with one address in front of services that come and go: their replicas, and the jobs that follow
// each other. Clients send the key of the service that they ask.
type Gateway struct {
	Targets []string `json:"targets" validate:"required,min=1,dive,dnslabel"` // services of this experiment, or external ones
}

// gateway checks that its targets are servers.
func (c *checker) gateway(path string, s Service, all []Service) {
	if s.Gateway == nil {
		return
	}
	for i, name := range s.Gateway.Targets {
		at := slices.IndexFunc(all, func(o Service) bool { return o.Name == name })
		where := fmt.Sprintf("%s.gateway.targets[%d]", path, i)
		switch {
		case at < 0:
			c.bad(where, "no service is called "+brief(name), "")
		case all[at].Gateway != nil, all[at].Lustre != nil, all[at].Monitors != nil:
			c.bad(where, "a "+all[at].Type()+" service takes no requests from a gateway", "name one of type vllm, sglang, llamacpp, chroma, process or external")
		case slices.Index(s.Gateway.Targets, name) < i:
			c.bad(where, brief(name)+" is named twice", "remove one")
		}
	}
}
