package service

import (
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
)

const (
	heartbeat   = "/api/v2/heartbeat"
	chromaToken = "CHROMA_TOKEN"
)

// chroma runs the real server on a data directory of its own. Its telemetry has no flag, only a place in a
// configuration file, and a file replaces all flags.
func chroma(c v1alpha1.Chroma, svc v1alpha1.Service, collected bool) drivers.Compiled {
	command := c.Command
	if len(command) == 0 {
		command = []string{"chroma"}
	}
	p := drivers.Process{Argv: append(slices.Clone(command), "run", "--path", "$(DATA)", "--host", "$(HOST)", "--port", "$(PORT)"),
		Probes: []drivers.Probe{{Path: heartbeat, Timeout: 5}}, Grace: graceDefault}
	if collected {
		p.Argv = append(slices.Clone(command), "run", "$(CONF)/chroma.yaml")
		p.Files = []drivers.File{yamlFile("chroma.yaml", object{
			"persist_path": "$(DATA)", "listen_address": "$(HOST)", "port": number("$(PORT)"),
			"open_telemetry": object{"service_name": svc.Name, "endpoint": "http://127.0.0.1:$(RELAY:" + relayGRPC + ")"},
		})}
	}
	if token, ok := svc.Secrets[chromaToken]; ok && token.Digest != "" {
		p.Token = chromaToken
		p.Versions = &drivers.Versions{Argv: append(slices.Clone(command), "--version"), Env: map[string]map[string]string{"0": {
			"CHROMA_SERVER_AUTHN_PROVIDER":       "chromadb.auth.token_authn.TokenAuthenticationServerProvider",
			"CHROMA_AUTH_TOKEN_TRANSPORT_HEADER": "Authorization"}}}
	}
	return drivers.Compiled{Kind: "chroma", Processes: []drivers.Process{p}}
}
