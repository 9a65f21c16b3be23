package service

import (
	"slices"
	"strconv"

	"assay/api/v1alpha1"
	"assay/drivers"
)

const (
	rayToken = "RAY_AUTH_TOKEN" // Ray's own variable for the token
	rayLeast = "2.52"           // the first that asks for one
	// rayFolder is named after the job, so that two clusters on a node do not share it. Ray makes its own folder for everybody to
	// write in, so that lies in one which is private. The path of a socket can have 107 bytes, and Ray's have long names.
	rayFolder = "/tmp/assay-$(NONCE)"
)

// rayEnv is the environment of every part of a cluster and of the server on it. A Ray without authentication does not know
// RAY_AUTH_MODE.
var rayEnv = map[string]string{
	"RAY_ADDRESS":             "$(ADDR):$(PORT:ray)",
	"RAY_AUTH_MODE":           "token",
	"RAY_USAGE_STATS_ENABLED": "0",
	"PMIX_MCA_psec":           "native", // else MPI libraries in a container look for the host's munge
}

// ray gives a vLLM server on several nodes the cluster under it: a head here, a worker on every other node. All ports that
// Ray would otherwise take by a fixed number are allocated.
func ray(p *drivers.Process, v v1alpha1.VLLM, nodes, gpus int) {
	command := v.Ray
	if len(command) == 0 {
		command = []string{"ray"}
	}
	words := func(more ...string) []string { return slices.Concat(command, more) }
	share := "--num-gpus=" + strconv.Itoa(gpus)
	p.Env = merged(p.Env, rayEnv)
	p.Cluster = &drivers.Cluster{
		Private: rayFolder,
		Head: words("start", "--head", "--block", "--disable-usage-stats", "--include-dashboard=false", "--port=$(PORT:ray)",
			"--dashboard-agent-listen-port=$(PORT:agent)", "--dashboard-agent-grpc-port=$(PORT:agent-grpc)",
			"--runtime-env-agent-port=$(PORT:runtime)", "--metrics-export-port=$(PORT:metrics)", "--temp-dir="+rayFolder+"/ray", share),
		Worker: words("start", "--block", "--disable-usage-stats", "--address=$(ADDR):$(PORT:ray)", share),
		Status: words("status", "--address=$(ADDR):$(PORT:ray)"),
		Nodes:  nodes,
		GPUs:   nodes * gpus,
	}
	if !v.Insecure {
		p.Versions = &drivers.Versions{Argv: words("--version"), Least: rayLeast, Reason: drivers.ReasonInsecureRay,
			Advice: "it asks nobody for a token, so every user of the cluster could run programs as you: use Ray " + rayLeast + " or later, or write vllm.insecure: true"}
	}
}
