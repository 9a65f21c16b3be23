package service

import (
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// gateway runs assay's own reverse proxy (package gateway). Its servers are listed in a file that follows them. In front of
// one service it has that service's model and key, so that benchmarks and probes use it like the service.
func gateway(site v1alpha1.Site, e v1alpha1.Experiment, g v1alpha1.Gateway) drivers.Compiled {
	const servers = "servers.json"
	p := drivers.Process{
		Argv:      []string{"$(ASSAY)", "gateway", "--listen", "$(HOST):$(PORT)", "--servers", "$(CONF)/" + servers},
		Upstreams: servers, Probes: []drivers.Probe{{Path: "/-/live", Timeout: 5}}, Metrics: "/-/metrics", Grace: graceVLLM,
	}
	c := drivers.Compiled{Kind: "gateway", Forwards: slices.Clone(g.Targets)}
	keyed := 0
	for _, s := range e.Spec.Services {
		if !slices.Contains(g.Targets, s.Name) {
			continue
		}
		target, err := Compile(site, e, s)
		if err != nil {
			continue // its own compilation says so
		}
		token, secrets := tokenOf(target)
		if token != "" {
			keyed++
		}
		if c.Simulated = c.Simulated || target.Simulated; len(g.Targets) == 1 {
			c.Model, p.Token, p.Secrets = target.Model, token, secrets
		}
	}
	if keyed == len(g.Targets) {
		p.Protected = map[string]string{"": drivers.ByToken}
	}
	c.Processes = []drivers.Process{p}
	return c
}

// tokenOf is the key that a service asks its clients for.
func tokenOf(c drivers.Compiled) (name string, secrets map[string]string) {
	for _, p := range c.Processes {
		if p.Token != "" && p.Secrets[p.Token] != "" {
			return p.Token, map[string]string{p.Token: p.Secrets[p.Token]}
		}
	}
	return "", nil
}
