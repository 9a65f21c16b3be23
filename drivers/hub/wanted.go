package hub

import (
	"maps"
	"slices"

	"assay/api/v1alpha1"
)

// Want is a model that a service reads from the hub.
type Want struct {
	Model, Revision string
	Service         v1alpha1.Service // the first that reads it; its secret HF_TOKEN is the token
}

// TokenSecret is the secret of a service that opens gated models.
const TokenSecret = "HF_TOKEN"

// Wanted are the models that services read from the hub, each once: the models themselves, drafts and adapters. llama.cpp keeps
// a cache of its own form.
func Wanted(services ...v1alpha1.Service) (out []Want) {
	add := func(s v1alpha1.Service, model, revision string) {
		if IsModel(model) && !slices.ContainsFunc(out, func(w Want) bool { return w.Model == model && w.Revision == revision }) {
			out = append(out, Want{model, revision, s})
		}
	}
	for _, s := range services {
		if v := s.VLLM; v != nil && v.Simulate == nil {
			add(s, v.Model, v1alpha1.Revision(v.Args))
			if v.Speculative != nil {
				add(s, v.Speculative.Model, "")
			}
			for _, name := range slices.Sorted(maps.Keys(v.LoRA)) {
				add(s, v.LoRA[name], "")
			}
		}
		if g := s.SGLang; g != nil {
			add(s, g.Model, v1alpha1.Revision(g.Args))
		}
	}
	return out
}
