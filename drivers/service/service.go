package service

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Grace between SIGTERM and SIGKILL. vLLM frees GPU memory on the way out; some releases of Chroma never exit on SIGTERM;
// Prometheus writes its head block.
const (
	graceVLLM    = drivers.Seconds(30)
	graceDefault = drivers.Seconds(10)
)

// Names of the relays under which jobs reach their experiment's collector.
const (
	relayGRPC = "otlp-grpc"
	relayHTTP = "otlp-http"
)

// Compile maps a service of an experiment at a site to its processes. The site's paths must be set.
func Compile(site v1alpha1.Site, e v1alpha1.Experiment, svc v1alpha1.Service) (drivers.Compiled, error) {
	c, err := choose(site, e, svc)
	switch {
	case err != nil:
	case c.URL != "":
		err = keyOf(site, svc, &c.Processes[0])
	case c.Lustre == nil:
		err = complete(site, e, svc, &c)
	}
	if err != nil {
		return c, fmt.Errorf("service %s/%s: %w", e.Metadata.Name, svc.Name, err)
	}
	c.Exposed = exposed(site, svc)
	return c, nil
}

func choose(site v1alpha1.Site, e v1alpha1.Experiment, svc v1alpha1.Service) (drivers.Compiled, error) {
	switch {
	case svc.VLLM != nil && svc.VLLM.Simulate != nil:
		return simulated(svc)
	case svc.VLLM != nil:
		return vllm(site, svc)
	case svc.SGLang != nil:
		return sglang(site, svc)
	case svc.LlamaCpp != nil:
		return llamacpp(site, svc)
	case svc.Chroma != nil:
		return chroma(*svc.Chroma, svc, collects(e)), nil
	case svc.Lustre != nil:
		l := *svc.Lustre
		if !path.IsAbs(l.Path) {
			l.Path = path.Join(site.Spec.Paths.Work, e.Metadata.Name, l.Path)
		}
		return drivers.Compiled{Kind: "lustre", Lustre: &l}, nil
	case svc.Monitors != nil:
		return monitors(site, e, svc)
	case svc.Process != nil:
		return process(*svc.Process), nil
	case svc.Gateway != nil:
		return gateway(site, e, *svc.Gateway), nil
	case svc.External != nil:
		return external(svc.Name, *svc.External), nil
	}
	return drivers.Compiled{}, errors.New("it names none of vllm, sglang, llamacpp, chroma, lustre, monitors, process, gateway, external")
}

// complete adds to every process what all processes of the service have: name, environment, secrets, data directory,
// telemetry.
func complete(site v1alpha1.Site, e v1alpha1.Experiment, svc v1alpha1.Service, c *drivers.Compiled) error {
	secrets, err := secretFiles(site, svc)
	if err != nil {
		return err
	}
	for i := range c.Processes {
		p := &c.Processes[i]
		if p.Name == "" {
			p.Name = svc.Name
		}
		p.Env = merged(telemetry(e, svc, p.Name), p.Env, svc.Env)
		for name, file := range secrets {
			if p.Secrets == nil {
				p.Secrets = map[string]string{}
			}
			p.Secrets[name] = file
		}
		ownKeys(site, e, svc, p)
		if svc.Monitors == nil {
			p.GPUs = or(svc.Resources.GPUsPerNode, 0)
		}
		if usesData(*p) {
			p.Data = path.Join(site.Spec.Paths.Work, e.Metadata.Name, p.Name)
		}
	}
	return nil
}

// keyOf gives the probes of an external server its key, the only secret that it can have.
func keyOf(site v1alpha1.Site, svc v1alpha1.Service, p *drivers.Process) (err error) {
	if len(svc.Secrets) == 0 {
		return nil
	}
	p.Secrets, err = secretFiles(site, svc)
	for name := range p.Secrets {
		p.Token = name
	}
	return err
}

// secretFiles are the files that hold the values of the secrets, by name.
func secretFiles(site v1alpha1.Site, svc v1alpha1.Service) (map[string]string, error) {
	out := map[string]string{}
	for name, s := range svc.Secrets {
		if s.Digest == "" {
			return nil, fmt.Errorf("its secret %s was never read; apply the manifest again", name)
		}
		out[name] = path.Join(site.Spec.Paths.State, "secrets", s.Digest)
	}
	return out, nil
}

// telemetry are the standard variables that lead a program to its experiment's collector. Chroma and the monitors have
// configuration files for that; the simulator exports nothing.
func telemetry(e v1alpha1.Experiment, svc v1alpha1.Service, process string) map[string]string {
	if !collects(e) || svc.Monitors != nil || svc.Chroma != nil || svc.VLLM != nil && svc.VLLM.Simulate != nil {
		return nil
	}
	return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:$(RELAY:" + relayHTTP + ")", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
		"OTEL_SERVICE_NAME": process}
}

// collects reports whether an experiment has a collector.
func collects(e v1alpha1.Experiment) bool {
	return slices.ContainsFunc(e.Spec.Services, func(s v1alpha1.Service) bool {
		return s.Monitors != nil && slices.Contains(s.Monitors.Components, collector)
	})
}

// merged is several sets of variables as one; of several values the last counts.
func merged(sets ...map[string]string) map[string]string {
	var out map[string]string
	for _, set := range sets {
		for k, v := range set {
			if out == nil {
				out = map[string]string{}
			}
			out[k] = v
		}
	}
	return out
}

// usesData reports whether a process asks for a data directory.
func usesData(p drivers.Process) bool {
	const word = "$(DATA)"
	if len(p.Generate) > 0 || slices.ContainsFunc(p.Argv, func(a string) bool { return strings.Contains(a, word) }) ||
		slices.ContainsFunc(p.Files, func(f drivers.File) bool { return strings.Contains(f.Content, word) }) {
		return true
	}
	for _, v := range p.Env {
		if strings.Contains(v, word) {
			return true
		}
	}
	return false
}
