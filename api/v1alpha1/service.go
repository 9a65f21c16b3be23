package v1alpha1

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	argName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)
)

// least is the memory below which a unit was probably forgotten.
const least Quantity = 16 << 20

func servicePath(i int) string { return fmt.Sprintf("spec.services[%d]", i) }

// Type is the kind of service that is declared: vllm, sglang, llamacpp, chroma, lustre, monitors, process, gateway or external; "" when none is.
func (s Service) Type() string {
	if types := s.types(); len(types) > 0 {
		return types[0]
	}
	return ""
}

func (s Service) types() (out []string) {
	for _, t := range []struct {
		name string
		is   bool
	}{{"vllm", s.VLLM != nil}, {"sglang", s.SGLang != nil}, {"llamacpp", s.LlamaCpp != nil}, {"chroma", s.Chroma != nil}, {"lustre", s.Lustre != nil},
		{"monitors", s.Monitors != nil}, {"process", s.Process != nil}, {"gateway", s.Gateway != nil}, {"external", s.External != nil}} {
		if t.is {
			out = append(out, t.name)
		}
	}
	return out
}

// written checks services and benchmarks as they were written, before defaults hide what was left out.
func (c *checker) written(e Experiment) {
	for i, s := range e.Spec.Services {
		if c.full() {
			return
		}
		path := servicePath(i)
		switch types := s.types(); {
		case len(types) == 0:
			c.lacks(path, path, "needs exactly one of vllm, sglang, llamacpp, chroma, lustre, monitors, process, gateway, external", "")
		case len(types) > 1:
			c.bad(path+"."+types[1], "a second type: a service is exactly one of "+strings.Join(types, ", "), "declare another service")
		}
		switch {
		case s.External != nil:
			c.external(path, s)
		case s.Lustre != nil:
			c.jobless(path, s, "a lustre service, which is a directory without a job")
		}
		c.secrets(path, s.Secrets)
		c.auth(path, s)
	}
	for i, b := range e.Spec.Benchmarks {
		if b.Serving != nil {
			c.servingWritten(fmt.Sprintf("spec.benchmarks[%d].serving", i), *b.Serving)
		}
	}
}

// external refuses fields that have no effect on a server that assay does not start.
func (c *checker) external(path string, s Service) {
	key := keyNames[s.External.Type]
	for name := range s.Secrets {
		if name != key {
			c.bad(path+".secrets["+name+"]", "has no meaning for an external service of type "+s.External.Type, "the key it asks for is named "+key)
		}
	}
	s.Secrets = nil
	c.jobless(path, s, "an external service, which is never started")
	if base, ok := strings.CutSuffix(strings.TrimRight(s.External.URL, "/"), "/v1"); ok && s.External.Type == "vllm" {
		c.bad(path+".external.url", "must be the address of the server without /v1, which assay adds", "write "+base)
	}
	switch {
	case s.External.Type == "vllm" && s.External.Model == "":
		c.lacks(path+".external", path+".external.model", "is required with type: vllm", "write the name that its /v1/models lists")
	case s.External.Type == "chroma" && s.External.Model != "":
		c.bad(path+".external.model", "has no meaning with type: chroma", "remove it")
	}
}

// jobless refuses fields that have no effect on a service without a job.
func (c *checker) jobless(path string, s Service, what string) {
	given := map[string]bool{
		"group":     s.Group != "",
		"replicas":  s.Replicas != nil,
		"nodes":     s.Nodes != nil,
		"resources": s.Resources != (Resources{}),
		"env":       len(s.Env) > 0,
		"auth":      s.Auth != "",
		"secrets":   len(s.Secrets) > 0,
		"image":     s.Image != "",
		"binds":     len(s.Binds) > 0,
		"live":      s.Live != (Liveness{}),
		"restart":   s.Restart != (RestartPolicy{}),
		"renew":     s.Renew != (Renewal{}),
		"fence":     s.Fence != 0,
	}
	for name, is := range given {
		if is {
			c.bad(path+"."+name, "has no meaning for "+what, "remove it")
		}
	}
}

// services checks services as they will be submitted to the site.
func (c *checker) services(site Site, services []Service) {
	seen := map[string]bool{}
	ports := map[int]string{}
	for i, s := range services {
		if c.full() {
			return
		}
		path := servicePath(i)
		if s.Name != "" && seen[s.Name] {
			c.bad(path+".name", "a second service "+brief(s.Name), "rename or remove one")
		}
		seen[s.Name] = true
		if s.Name == "job" {
			c.bad(path+".name", "a log called job is the scheduler's own", "choose another name")
		}
		c.environment(path, s.Env)
		c.fillIns(path, s)
		if s.Ready.StableFor > 0 && s.Ready.StableFor >= s.Ready.Within {
			c.bad(path+".ready.stableFor", fmt.Sprintf("%s can never be over within %s", s.Ready.StableFor, s.Ready.Within), "")
		}
		if s.Lustre != nil {
			c.lustre(path, *s.Lustre)
		}
		if s.External != nil || s.Lustre != nil {
			continue
		}
		c.containers(site, path, s)
		c.resources(site, path, s)
		c.live(path, s.Live)
		c.renewal(path, s)
		c.scaling(path, s)
		c.gateway(path, s, services)
		if s.Monitors != nil {
			c.monitors(path, s)
		}
		c.models(path, s)
		if s.Chroma != nil {
			c.command(path+".chroma.command", s.Chroma.Command)
		}
		if s.Process != nil {
			c.process(site, path, s, ports)
		}
	}
	c.dependencies(services)
	c.groups(services)
}

func (c *checker) process(site Site, path string, s Service, ports map[int]string) {
	p := s.Process
	c.command(path+".process.command", p.Command)
	for name, at := range map[string]string{"probe": p.Probe, "metrics": p.Metrics} {
		if at != "" && !strings.HasPrefix(at, "/") {
			c.bad(path+".process."+name, "must be an HTTP path that begins with /, found "+brief(at), "")
		}
	}
	if site.Spec.Scheduler != Local || p.Port == 0 {
		return
	}
	if s.Replicas.Most() > 1 {
		c.bad(path+".process.port", fmt.Sprintf("%s replicas on one machine cannot share port %d", s.Replicas, p.Port), "leave port out: free ones are allocated")
	}
	if other := ports[p.Port]; other != "" {
		c.bad(path+".process.port", fmt.Sprintf("port %d is taken by service %s on the same machine", p.Port, other), "leave port out: a free one is allocated")
	}
	ports[p.Port] = s.Name
}

func (c *checker) command(path string, argv []string) {
	if len(argv) > 0 && argv[0] == "" {
		c.bad(path+"[0]", "must name a program", "")
	}
}

func (c *checker) environment(path string, env map[string]string) {
	for name := range env {
		if !envName.MatchString(name) {
			c.bad(path+".env["+name+"]", "must be a variable's name: letters, digits and _, no digit first", "")
		}
	}
}

// resources checks what is asked of a site, without its limits: package admit knows those.
func (c *checker) resources(site Site, path string, s Service) {
	r, at := s.Resources, path+".resources"
	if r.MemoryPerNode > 0 && r.MemoryPerNode < least {
		c.bad(at+".memoryPerNode", fmt.Sprintf("%d bytes is too little to start anything", r.MemoryPerNode), "add a unit: 512Mi, 64Gi")
	}
	if site.Spec.Scheduler == Local {
		if *s.Nodes > 1 {
			c.bad(path+".nodes", fmt.Sprintf("site %s is one machine, found %d", site.Metadata.Name, *s.Nodes), "write nodes: 1, or choose another site")
		}
		for name, word := range map[string]string{"partition": r.Partition, "qos": r.QOS} {
			if word != "" {
				c.bad(at+"."+name, "has no meaning at site "+site.Metadata.Name+", whose scheduler is local", "remove it, or choose another site")
			}
		}
		return
	}
	c.reference(at+".partition", "partition", r.Partition, site.Spec.Partitions != nil, keys(site.Spec.Partitions))
	c.reference(at+".qos", "qos", r.QOS, site.Spec.QOS != nil, keys(site.Spec.QOS))
}
