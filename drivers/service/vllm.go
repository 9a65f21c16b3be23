package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// vllm runs `vllm serve MODEL`, on several nodes as ranks or over a Ray cluster. It is Ready when /health answers and /v1/models lists
// the model. It asks for its key below /v1 only, and answers prompts on other paths too: so it stands behind a door, which
// leaves its metrics open, as vLLM does.
func vllm(site v1alpha1.Site, svc v1alpha1.Service) (drivers.Compiled, error) {
	v := *svc.VLLM
	args, err := options(v.Args, v1alpha1.OwnArg, "vllm.args")
	if err != nil {
		return drivers.Compiled{}, err
	}
	args = append(typed(v), args...)
	name := served(v)
	p := modelServer(site, name, drivers.Weights{Model: v.Model, Revision: v1alpha1.Revision(v.Args)})
	host, port := listens(&p, svc.Auth == v1alpha1.AuthKey, v1alpha1.VLLMKey)
	p.Private = p.Door != nil // no scrape has the key
	serve := append(slices.Clone(v.Program()), v.Model)
	shape := []string{"--tensor-parallel-size", strconv.Itoa(max(v.TensorParallel, 1))}
	if v.PipelineParallel > 1 {
		shape = append(shape, "--pipeline-parallel-size", strconv.Itoa(v.PipelineParallel))
	}
	if len(v.LoRA) > 0 {
		p.Probes[len(p.Probes)-1].Adapters = slices.Sorted(maps.Keys(v.LoRA))
	}
	offline(&p, v.Offline)
	if nodes := or(svc.Nodes, 1); nodes > 1 {
		shape = spread(&p, v, nodes, or(svc.Resources.GPUsPerNode, 0), slices.Concat(serve, shape), args, shape)
	} else if v.DataParallel > 1 {
		shape = append(shape, "--data-parallel-size", strconv.Itoa(v.DataParallel))
	}
	if keyed(svc) {
		p.Token = v1alpha1.VLLMKey
	}
	p.Argv = slices.Concat(serve, []string{"--host", host, "--port", port}, shape, args)
	return drivers.Compiled{Kind: "vllm", Model: name, Processes: []drivers.Process{p}}, nil
}

func or(p *int, otherwise int) int {
	if p == nil {
		return otherwise
	}
	return *p
}

// simulated runs the built-in simulator in place of vLLM. The arguments of the real server must be right all the same, so
// that removing simulate is all it takes to run vLLM.
func simulated(svc v1alpha1.Service) (drivers.Compiled, error) {
	v := *svc.VLLM
	if _, err := options(v.Args, v1alpha1.OwnArg, "vllm.args"); err != nil {
		return drivers.Compiled{}, err
	}
	config, err := json.Marshal(v.Simulate)
	if err != nil {
		return drivers.Compiled{}, fmt.Errorf("vllm.simulate: %w", err)
	}
	name := served(v)
	p := drivers.Process{
		Argv:   []string{"$(ASSAY)", "simulate-vllm", "--listen", "$(HOST):$(PORT)", "--model", name, "--config", string(config)},
		Probes: openAIProbes(name), Metrics: "/metrics", Grace: graceDefault,
	}
	if keyed(svc) {
		p.Token, p.Private = v1alpha1.VLLMKey, true // it asks for it itself
	}
	return drivers.Compiled{Kind: "vllm", Simulated: true, Model: name, Processes: []drivers.Process{p}}, nil
}

// served is the name under which the server lists the model: of several, the first is the one in its metrics.
func served(v v1alpha1.VLLM) string {
	for _, arg := range slices.Sorted(maps.Keys(v.Args)) {
		if v1alpha1.CanonicalArg(arg) != "served-model-name" {
			continue
		}
		switch name := v.Args[arg].(type) {
		case string:
			return name
		case []any:
			if first, ok := name[0].(string); ok { // options has refused an empty list
				return first
			}
		}
	}
	return v.Model
}

func openAIProbes(model string) []drivers.Probe {
	return []drivers.Probe{{Path: "/health", Timeout: 5}, {Path: "/v1/models", Model: model, Timeout: 5}}
}

// options are the options of a server as words of its command line, sorted by name.
func options(args map[string]any, ownArg func(string) (string, bool), field string) (argv []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if hint, ok := ownArg(name); ok {
			return nil, fmt.Errorf("%s.%s cannot be given: %s", field, name, hint)
		}
		words, err := option(name, args[name])
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", field, name, err)
		}
		argv = append(argv, words...)
	}
	return argv, nil
}

// option is one entry of vllm.args: true is a bare flag, false --no-NAME, a list is one flag with its values after it
// (vLLM declares such options with argparse's nargs, and a repeated flag would keep the last value only), an object is
// JSON, for which vLLM has options of its own.
func option(name string, value any) ([]string, error) {
	flag := "--" + name
	switch v := value.(type) {
	case bool:
		if v {
			return []string{flag}, nil
		}
		return []string{"--no-" + name}, nil
	case []any:
		if len(v) == 0 {
			return nil, errors.New("the list is empty; leave the option out")
		}
		words := []string{flag}
		for _, e := range v {
			w, err := word(e)
			if err != nil {
				return nil, err
			}
			words = append(words, w)
		}
		return words, nil
	}
	w, err := word(value)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(w, "-") { // as a word of its own it would be read as an option
		return []string{flag + "=" + w}, nil
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
		return "", errors.New("it has no value; write true for an option that takes none")
	}
	b, err := json.Marshal(value)
	return string(b), err
}
