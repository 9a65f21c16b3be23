package service

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Grace between SIGTERM and SIGKILL. vLLM frees GPU memory on the way out; some releases of Chroma never exit on SIGTERM.
const (
	graceVLLM    = drivers.Seconds(30)
	graceDefault = drivers.Seconds(10)
)

// Compile maps a service of an experiment at a site. The site's paths.work has to be set.
func Compile(site v1alpha1.Site, e v1alpha1.Experiment, svc v1alpha1.Service) (drivers.Compiled, error) {
	var c drivers.Compiled
	var err error
	switch {
	case svc.VLLM != nil && svc.VLLM.Simulate != nil:
		c, err = simulated(*svc.VLLM)
	case svc.VLLM != nil:
		c, err = vllm(*svc.VLLM)
	case svc.Chroma != nil:
		c = chroma(*svc.Chroma)
	case svc.Process != nil:
		c = process(*svc.Process)
	case svc.External != nil:
		c = external(*svc.External)
	default:
		err = fmt.Errorf("it names none of vllm, chroma, process, external")
	}
	if err != nil {
		return c, fmt.Errorf("service %s/%s: %w", e.Metadata.Name, svc.Name, err)
	}
	p := &c.Processes[0]
	p.Name, p.Env = svc.Name, svc.Env
	if c.URL == "" && (svc.Chroma != nil || usesData(*p, svc.Env)) {
		p.Data = path.Join(site.Spec.Paths.Work, e.Metadata.Name, svc.Name)
	}
	return c, nil
}

// usesData reports whether the process asks for a data directory.
func usesData(p drivers.Process, env map[string]string) bool {
	const word = "$(DATA)"
	if slices.ContainsFunc(p.Argv, func(a string) bool { return strings.Contains(a, word) }) {
		return true
	}
	for _, v := range env {
		if strings.Contains(v, word) {
			return true
		}
	}
	return false
}
