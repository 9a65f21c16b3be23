package service

import (
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// TestOtherModelServers: SGLang and llama.cpp stand behind a door, under the name that they serve.
func TestOtherModelServers(t *testing.T) {
	two, four := 2, 4
	for name, c := range map[string]struct {
		svc                      v1alpha1.Service
		model, argv, joins, rank string
	}{
		"sglang": {v1alpha1.Service{SGLang: &v1alpha1.SGLang{Model: "org/m", Args: map[string]any{"mem-fraction-static": 0.8}}, Nodes: &two, Resources: v1alpha1.Resources{GPUsPerNode: &four}},
			"org/m", "python3 -m sglang.launch_server --model-path org/m --tp 8 --host 127.0.0.1 --port $(PORT:server) --enable-metrics --mem-fraction-static 0.8",
			"--nnodes 2 --node-rank 0 --dist-init-addr $(ADDR):$(PORT:ranks)",
			"python3 -m sglang.launch_server --model-path org/m --tp 8 --mem-fraction-static 0.8 --nnodes 2 --node-rank 1 --dist-init-addr $(ADDR):$(PORT:ranks)"},
		"a file": {v1alpha1.Service{LlamaCpp: &v1alpha1.LlamaCpp{Model: "/m/tiny.gguf", Args: map[string]any{"ctx-size": 512.0}}},
			"tiny", "llama-server --model /m/tiny.gguf --alias tiny --host 127.0.0.1 --port $(PORT:server) --metrics --ctx-size 512", "", ""},
		"a repository": {v1alpha1.Service{LlamaCpp: &v1alpha1.LlamaCpp{Model: "org/m-GGUF:Q4_K_M", Command: []string{"/opt/llama-server"}}},
			"m-GGUF", "/opt/llama-server --hf-repo org/m-GGUF:Q4_K_M --alias m-GGUF --host 127.0.0.1 --port $(PORT:server) --metrics", "", ""},
	} {
		c.svc.Name = "llm"
		made := compileOne(t, "llm", c.svc)
		p := made.Processes[0]
		if made.Model != c.model || p.Door == nil || p.Probes[1].Model != c.model {
			t.Errorf("%s: model %s, %+v", name, made.Model, p)
		}
		got := []string{strings.Join(p.Argv, " "), "", ""}
		if p.Ranks != nil {
			got[1], got[2] = strings.Join(p.Ranks.Args, " "), strings.Join(p.Ranks.Others[0], " ")
		}
		for i, want := range []string{c.argv, c.joins, c.rank} {
			if got[i] != want {
				t.Errorf("%s: %s\nwant %s", name, got[i], want)
			}
		}
	}
}
