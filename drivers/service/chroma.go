package service

import (
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
)

const heartbeat = "/api/v2/heartbeat"

// chroma runs the real server on a data directory of its own. Its telemetry has no flag, only a place in a
// configuration file, and a file replaces all flags.
func chroma(c v1alpha1.Chroma, svc v1alpha1.Service, collected bool) drivers.Compiled {
	command := c.Command
	if len(command) == 0 {
		command = []string{"chroma"}
	}
	p := drivers.Process{Probes: []drivers.Probe{{Path: heartbeat, Timeout: 5}}, Grace: graceDefault, Ask: append(slices.Clone(command), "--version")}
	host, port := listens(&p, keyed(svc), v1alpha1.ChromaKey)
	p.Argv = append(slices.Clone(command), "run", "--path", "$(DATA)", "--host", host, "--port", port)
	if collected {
		p.Argv = append(slices.Clone(command), "run", "$(CONF)/chroma.yaml")
		p.Files = []drivers.File{yamlFile("chroma.yaml", object{
			"persist_path": "$(DATA)", "listen_address": host, "port": number(port),
			"open_telemetry": object{"service_name": svc.Name, "endpoint": "http://127.0.0.1:$(RELAY:" + relayGRPC + ")"},
		})}
	}
	return drivers.Compiled{Kind: "chroma", Processes: []drivers.Process{p}}
}
