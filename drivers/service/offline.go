package service

import "assay/drivers"

// offline has a model server read what was fetched before: it needs the weights to be there, and asks no hub for them.
func offline(p *drivers.Process, is bool) {
	home := p.Env["HF_HOME"]
	if !is || home == "" {
		return
	}
	p.Env = merged(p.Env, map[string]string{"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"})
	p.Needs = append(p.Needs, p.Weights.Ref(home))
}
