package service

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// ours are the options of `vllm serve` that assay sets itself.
var ours = map[string]string{
	"host": "assay chooses the address", "port": "assay allocates the port",
	"model": "write it as vllm.model", "tensor-parallel-size": "write it as vllm.tensorParallel",
}

// vllm runs `vllm serve MODEL` on one node. It is Ready when /health answers and /v1/models lists the model.
func vllm(v v1alpha1.VLLM) (drivers.Compiled, error) {
	command := v.Command
	if len(command) == 0 {
		command = []string{"vllm", "serve"}
	}
	argv := append(slices.Clone(command), v.Model, "--host", "$(HOST)", "--port", "$(PORT)",
		"--tensor-parallel-size", strconv.Itoa(max(v.TensorParallel, 1)))
	for _, name := range slices.Sorted(maps.Keys(v.Args)) {
		if why, ok := ours[name]; ok {
			return drivers.Compiled{}, fmt.Errorf("vllm.args.%s: %s", name, why)
		}
		words, err := option(name, v.Args[name])
		if err != nil {
			return drivers.Compiled{}, err
		}
		argv = append(argv, words...)
	}
	served := v.Model
	if name, ok := v.Args["served-model-name"].(string); ok {
		served = name
	}
	return drivers.Compiled{Kind: "vllm", Model: served, Process: drivers.Process{
		Argv: argv, Probes: openAIProbes(served), Metrics: "/metrics", Grace: graceVLLM,
	}}, nil
}

func openAIProbes(model string) []drivers.Probe {
	return []drivers.Probe{{Path: "/health", Timeout: 5}, {Path: "/v1/models", Model: model, Timeout: 5}}
}

// option is one entry of vllm.args as words of the command line: true is a bare flag, false --no-NAME, a list is one
// flag with its values after it (argparse's nargs), an object is JSON.
func option(name string, value any) ([]string, error) {
	flag := "--" + name
	switch v := value.(type) {
	case bool:
		if v {
			return []string{flag}, nil
		}
		return []string{"--no-" + name}, nil
	case []any:
		words := []string{flag}
		for _, e := range v {
			w, err := word(e)
			if err != nil {
				return nil, fmt.Errorf("vllm.args.%s: %w", name, err)
			}
			words = append(words, w)
		}
		return words, nil
	}
	w, err := word(value)
	if err != nil {
		return nil, fmt.Errorf("vllm.args.%s: %w", name, err)
	}
	return []string{flag, w}, nil
}

// word is one value as one argument.
func word(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case nil:
		return "", fmt.Errorf("it has no value")
	}
	b, err := json.Marshal(value)
	return string(b), err
}

// simulated runs the built-in simulator in vLLM's place; everything measured on it says so.
func simulated(v v1alpha1.VLLM) (drivers.Compiled, error) {
	config, err := json.Marshal(v.Simulate)
	if err != nil {
		return drivers.Compiled{}, fmt.Errorf("vllm.simulate: %w", err)
	}
	return drivers.Compiled{Kind: "vllm", Simulated: true, Model: v.Model, Process: drivers.Process{
		Argv:   []string{"$(ASSAY)", "simulate-vllm", "--listen", "$(HOST):$(PORT)", "--model", v.Model, "--config", string(config)},
		Probes: openAIProbes(v.Model), Metrics: "/metrics", Grace: graceDefault,
	}}, nil
}
