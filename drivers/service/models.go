package service

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// sglang runs SGLang's server, on several nodes as ranks. It can take a key on its command line only, so it stands behind a
// door and asks for none itself.
func sglang(site v1alpha1.Site, svc v1alpha1.Service) (drivers.Compiled, error) {
	g := *svc.SGLang
	args, err := options(g.Args, func(name string) (string, bool) { return v1alpha1.OwnOf("sglang", name) }, "sglang.args")
	if err != nil {
		return drivers.Compiled{}, err
	}
	name := g.Model
	for arg, value := range g.Args {
		if text, ok := value.(string); ok && v1alpha1.CanonicalArg(arg) == "served-model-name" {
			name = text
		}
	}
	p := modelServer(site, name, drivers.Weights{Model: g.Model, Revision: v1alpha1.Revision(g.Args)})
	offline(&p, g.Offline)
	host, port := listens(&p, svc.Auth == v1alpha1.AuthKey, v1alpha1.SGLangKey)
	p.Private = p.Door != nil
	rank := slices.Concat(g.Program(), []string{"--model-path", g.Model, "--tp", strconv.Itoa(max(g.TensorParallel, 1))})
	if g.DataParallel > 1 {
		rank = append(rank, "--dp", strconv.Itoa(g.DataParallel))
	}
	p.Argv = slices.Concat(rank, []string{"--host", host, "--port", port, "--enable-metrics"}, args)
	if nodes := or(svc.Nodes, 1); nodes > 1 {
		of := func(n int) []string {
			return []string{"--nnodes", strconv.Itoa(nodes), "--node-rank", strconv.Itoa(n), "--dist-init-addr", "$(ADDR):" + ranksPort}
		}
		p.Ranks = &drivers.Ranks{Args: of(0)}
		for n := 1; n < nodes; n++ {
			p.Ranks.Others = append(p.Ranks.Others, slices.Concat(rank, args, of(n)))
		}
	}
	return drivers.Compiled{Kind: "sglang", Model: name, Processes: []drivers.Process{p}}, nil
}

// llamacpp runs llama.cpp's server behind a door, as its metrics and other paths ask for no key.
func llamacpp(site v1alpha1.Site, svc v1alpha1.Service) (drivers.Compiled, error) {
	l := *svc.LlamaCpp
	args, err := options(l.Args, func(name string) (string, bool) { return v1alpha1.OwnOf("llamacpp", name) }, "llamacpp.args")
	if err != nil {
		return drivers.Compiled{}, err
	}
	p := modelServer(site, l.Served(), drivers.Weights{Model: l.Model})
	if home := p.Env["HF_HOME"]; home != "" {
		p.Env["LLAMA_CACHE"] = path.Join(home, "llama.cpp")
	}
	host, port := listens(&p, svc.Auth == v1alpha1.AuthKey, v1alpha1.LlamaKey)
	p.Private = p.Door != nil
	model := []string{"--hf-repo", l.Model}
	if strings.HasPrefix(l.Model, "/") {
		model = []string{"--model", l.Model}
		p.Needs = []string{l.Model}
	}
	command := l.Program()
	p.Ask = append(slices.Clone(command), "--version")
	p.Argv = slices.Concat(command, model, []string{"--alias", l.Served(), "--host", host, "--port", port, "--metrics"}, args)
	return drivers.Compiled{Kind: "llamacpp", Model: l.Served(), Processes: []drivers.Process{p}}, nil
}

// modelServer is what the servers of language models have in common.
func modelServer(site v1alpha1.Site, name string, w drivers.Weights) drivers.Process {
	p := drivers.Process{Probes: openAIProbes(name), Metrics: "/metrics", Grace: graceVLLM, Weights: &w}
	if site.Spec.Paths.Work != "" {
		p.Env = map[string]string{"HF_HOME": path.Join(site.Spec.Paths.Work, "huggingface")} // one download serves all
	}
	return p
}
