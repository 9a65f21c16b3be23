package service

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// ranksPort names the port of the first rank at which the others find it.
const ranksPort = "$(PORT:ranks)"

// spread is how a vLLM server runs on several nodes: as ranks of its own, on a Ray cluster, or as the version on the node says.
// rank is the command line of a rank without an address to listen on; it returns how the process itself goes on.
func spread(p *drivers.Process, v v1alpha1.VLLM, nodes, gpus int, rank, args, shape []string) []string {
	switch v.Backend {
	case v1alpha1.BackendMP:
		p.Ranks = ranks(v, nodes, rank, args)
	case v1alpha1.BackendAuto:
		p.Ranks = ranks(v, nodes, rank, args)
		if ask := asksVersion(v.Program()); ask != nil {
			p.Ranks.Versions = &drivers.Versions{Argv: ask, Least: v1alpha1.RanksLeast}
			ray(p, v, nodes, gpus)
			p.Cluster.Args = []string{"--distributed-executor-backend", "ray"}
		}
	default:
		ray(p, v, nodes, gpus)
		return append(shape, "--distributed-executor-backend", "ray")
	}
	return shape
}

// ranks are one command a node. Copies of the model find each other as data parallel ranks, parts of one copy as nodes of one
// engine; only the first listens for clients.
func ranks(v v1alpha1.VLLM, nodes int, rank, args []string) *drivers.Ranks {
	of := func(n int) []string {
		if v.DataParallel > 1 {
			local := v.DataParallel / nodes
			out := []string{"--data-parallel-size", strconv.Itoa(v.DataParallel), "--data-parallel-size-local", strconv.Itoa(local),
				"--data-parallel-address", "$(ADDR)", "--data-parallel-rpc-port", ranksPort}
			if n > 0 {
				out = append(out, "--data-parallel-start-rank", strconv.Itoa(n*local), "--headless")
			}
			return out
		}
		out := []string{"--nnodes", strconv.Itoa(nodes), "--node-rank", strconv.Itoa(n), "--master-addr", "$(ADDR)", "--master-port", ranksPort}
		if n > 0 {
			out = append(out, "--headless")
		}
		return out
	}
	r := &drivers.Ranks{Args: of(0)}
	for n := 1; n < nodes; n++ {
		r.Others = append(r.Others, slices.Concat(rank, args, of(n)))
	}
	return r
}

// asksVersion is the command that prints the version of vLLM; nil where the manifest's own command does not say which that is.
func asksVersion(command []string) []string {
	if last := len(command) - 1; command[last] == "serve" {
		return append(slices.Clone(command[:last]), "--version")
	}
	return nil
}

// typed are the options that fields of a vLLM service stand for.
func typed(v v1alpha1.VLLM) (out []string) {
	if v.ExpertParallel {
		out = append(out, "--enable-expert-parallel")
	}
	if len(v.LoRA) > 0 {
		out = append(out, "--enable-lora", "--lora-modules")
		for _, name := range slices.Sorted(maps.Keys(v.LoRA)) {
			out = append(out, name+"="+v.LoRA[name])
		}
	}
	if s := v.Speculative; s != nil {
		config := map[string]any{"num_speculative_tokens": s.Tokens}
		if s.Method != "" {
			config["method"] = s.Method
		}
		if s.Model != "" {
			config["model"] = s.Model
		}
		out = append(out, "--speculative-config", compact(config))
	}
	if k := v.KVTransfer; k != nil {
		role := k.Role
		if role == "" {
			role = "kv_both"
		}
		out = append(out, "--kv-transfer-config", compact(map[string]any{"kv_connector": k.Connector, "kv_role": role}))
	}
	return out
}

// compact is JSON as vLLM's options take it.
func compact(config map[string]any) string {
	b, _ := json.Marshal(config) // strings and numbers
	return string(b)
}
