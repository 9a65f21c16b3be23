package service

import (
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// process runs the declared command.
func process(p v1alpha1.Process) drivers.Compiled {
	return drivers.Compiled{Kind: "process", Processes: []drivers.Process{{
		Argv: slices.Clone(p.Command), Port: p.Port, Probes: []drivers.Probe{{Path: p.Probe, Timeout: 5}}, Metrics: p.Metrics, Grace: graceDefault,
	}}}
}

// external has the address of the server and its probes.
func external(name string, e v1alpha1.External) drivers.Compiled {
	p := drivers.Process{Name: name}
	switch e.Type {
	case "vllm":
		p.Probes, p.Metrics = openAIProbes(e.Model), "/metrics"
	case "chroma":
		p.Probes = []drivers.Probe{{Path: heartbeat, Timeout: 5}}
	}
	return drivers.Compiled{Kind: "external", URL: e.URL, Model: e.Model, Processes: []drivers.Process{p}}
}
