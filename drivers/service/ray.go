package service

import (
	"strconv"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// rayEnv is the environment of every part of a cluster and of the server on it. A socket's path can have about a hundred
// bytes and Ray's sockets have long names, so the folder is short; it is named after the job, so that two clusters on a
// node do not share it.
var rayEnv = map[string]string{
	"RAY_ADDRESS":             "$(ADDR):$(PORT:ray)",
	"RAY_USAGE_STATS_ENABLED": "0",
	"PMIX_MCA_psec":           "native", // else MPI libraries in a container look for the host's munge
}

// ray is the cluster under a vLLM server on several nodes: a head here, a worker on every other node. All ports that Ray
// would otherwise take by a fixed number are allocated.
func ray(v v1alpha1.VLLM, nodes, gpus int) *drivers.Cluster {
	command := v.Ray
	if len(command) == 0 {
		command = []string{"ray"}
	}
	words := func(more ...string) []string { return append(append([]string{}, command...), more...) }
	share := "--num-gpus=" + strconv.Itoa(gpus)
	return &drivers.Cluster{
		Head: words("start", "--head", "--block", "--disable-usage-stats", "--include-dashboard=false", "--port=$(PORT:ray)",
			"--dashboard-agent-listen-port=$(PORT:agent)", "--dashboard-agent-grpc-port=$(PORT:agent-grpc)",
			"--runtime-env-agent-port=$(PORT:runtime)", "--metrics-export-port=$(PORT:metrics)", "--temp-dir=/tmp/ray-$(NONCE)", share),
		Worker: words("start", "--block", "--disable-usage-stats", "--address=$(ADDR):$(PORT:ray)", share),
		Status: words("status", "--address=$(ADDR):$(PORT:ray)"),
		Nodes:  nodes,
		GPUs:   nodes * gpus,
	}
}
