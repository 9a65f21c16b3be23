package service

import (
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
)

const heartbeat = "/api/v2/heartbeat"

// chroma runs the real server on a data directory of its own.
func chroma(c v1alpha1.Chroma) drivers.Compiled {
	command := c.Command
	if len(command) == 0 {
		command = []string{"chroma"}
	}
	return drivers.Compiled{Kind: "chroma", Processes: []drivers.Process{{
		Argv:   append(slices.Clone(command), "run", "--path", "$(DATA)", "--host", "$(HOST)", "--port", "$(PORT)"),
		Probes: []drivers.Probe{{Path: heartbeat, Timeout: 5}}, Grace: graceDefault,
	}}}
}

// process runs what the user says.
func process(p v1alpha1.Process) drivers.Compiled {
	return drivers.Compiled{Kind: "process", Processes: []drivers.Process{{
		Argv: slices.Clone(p.Command), Port: p.Port, Probes: []drivers.Probe{{Path: p.Probe, Timeout: 5}}, Metrics: p.Metrics, Grace: graceDefault,
	}}}
}

// external only says where the server is and how to tell that it is well.
func external(e v1alpha1.External) drivers.Compiled {
	c := drivers.Compiled{Kind: "external", URL: e.URL, Model: e.Model}
	switch e.Type {
	case "vllm":
		c.Processes = []drivers.Process{{Probes: openAIProbes(e.Model), Metrics: "/metrics"}}
	case "chroma":
		c.Processes = []drivers.Process{{Probes: []drivers.Probe{{Path: heartbeat, Timeout: 5}}}}
	}
	return c
}
