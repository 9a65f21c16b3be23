package service

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// key is what a service has to do with keys.
type key struct {
	Token, File, Host, Port string
	Door                    *drivers.Door
	Exposed                 string
}

func keyOfCompiled(c drivers.Compiled) key {
	p := c.Processes[0]
	k := key{Token: p.Token, File: p.Secrets[p.Token], Door: p.Door, Exposed: c.Exposed.Reason}
	for i, word := range p.Argv {
		switch word {
		case "--host":
			k.Host = p.Argv[i+1]
		case "--port":
			k.Port = p.Argv[i+1]
		}
	}
	return k
}

// TestKeys: who has a key, from where, and what stands in front of whom.
func TestKeys(t *testing.T) {
	secret := func(name string) map[string]v1alpha1.Secret {
		return map[string]v1alpha1.Secret{name: {Env: "X", Digest: "d"}}
	}
	llm := v1alpha1.Service{Name: "s", VLLM: &v1alpha1.VLLM{Model: "m"}}
	docs := v1alpha1.Service{Name: "s", Chroma: &v1alpha1.Chroma{}}
	sim := v1alpha1.Service{Name: "s", VLLM: &v1alpha1.VLLM{Model: "m", Simulate: &v1alpha1.Simulate{}}}
	with := func(s v1alpha1.Service, auth string, secrets map[string]v1alpha1.Secret) v1alpha1.Service {
		s.Auth, s.Secrets = auth, secrets
		return s
	}
	const file = "/state/secrets/exp.s."
	door := &drivers.Door{Port: "server"}
	for name, tc := range map[string]struct {
		svc  v1alpha1.Service
		want key
	}{
		"vllm":                           {with(llm, "key", nil), key{"VLLM_API_KEY", file + "VLLM_API_KEY.key", "127.0.0.1", "$(PORT:server)", door, ""}},
		"vllm with a key of its own":     {with(llm, "key", secret("VLLM_API_KEY")), key{"VLLM_API_KEY", "/state/secrets/d", "127.0.0.1", "$(PORT:server)", door, ""}},
		"vllm with another secret":       {with(llm, "key", secret("HF_TOKEN")), key{"VLLM_API_KEY", file + "VLLM_API_KEY.key", "127.0.0.1", "$(PORT:server)", door, ""}},
		"vllm without":                   {with(llm, "none", nil), key{"", "", "$(HOST)", "$(PORT)", nil, "NoKey"}},
		"vllm of an older assay":         {with(llm, "", nil), key{"", "", "$(HOST)", "$(PORT)", nil, "NoKey"}},
		"vllm of an older one, with key": {with(llm, "", secret("VLLM_API_KEY")), key{"VLLM_API_KEY", "/state/secrets/d", "$(HOST)", "$(PORT)", nil, ""}},
		"chroma":                         {with(docs, "key", nil), key{"CHROMA_TOKEN", file + "CHROMA_TOKEN.key", "127.0.0.1", "$(PORT:server)", door, "OnNode"}},
		"chroma with a key of its own":   {with(docs, "key", secret("CHROMA_TOKEN")), key{"CHROMA_TOKEN", "/state/secrets/d", "127.0.0.1", "$(PORT:server)", door, "OnNode"}},
		"chroma without":                 {with(docs, "none", nil), key{"", "", "$(HOST)", "$(PORT)", nil, "NoKey"}},
		"sglang, which asks nobody":      {with(v1alpha1.Service{Name: "s", SGLang: &v1alpha1.SGLang{Model: "m"}}, "key", nil), key{"SGLANG_API_KEY", file + "SGLANG_API_KEY.key", "127.0.0.1", "$(PORT:server)", door, "OnNode"}},
		"llama.cpp":                      {with(v1alpha1.Service{Name: "s", LlamaCpp: &v1alpha1.LlamaCpp{Model: "/m.gguf"}}, "key", nil), key{"LLAMA_API_KEY", file + "LLAMA_API_KEY.key", "127.0.0.1", "$(PORT:server)", door, ""}},
		"the simulator":                  {with(sim, "key", nil), key{Token: "VLLM_API_KEY", File: file + "VLLM_API_KEY.key"}},
		"the simulator without":          {with(sim, "none", nil), key{Exposed: "NoKey"}},
		"a process":                      {v1alpha1.Service{Name: "s", Process: &v1alpha1.Process{Command: []string{"x"}}}, key{}},
	} {
		c, err := Compile(factorySite(), v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "exp"}}, tc.svc)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, keyOfCompiled(c)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestInsecureRay: without a word for it an old Ray is refused, and with it that is said.
func TestInsecureRay(t *testing.T) {
	two := 2
	svc := v1alpha1.Service{Name: "s", VLLM: &v1alpha1.VLLM{Model: "m", Backend: v1alpha1.BackendRay}, Nodes: &two}
	c := compileOne(t, "s", svc)
	if p := c.Processes[0]; p.Versions == nil || !slices.Equal(p.Versions.Argv, []string{"ray", "--version"}) || p.Versions.Reason != drivers.ReasonInsecureRay || c.Exposed.Reason != "" {
		t.Errorf("%+v %+v", p.Versions, c.Exposed)
	}
	svc.VLLM = &v1alpha1.VLLM{Model: "m", Insecure: true, Ray: []string{"/opt/ray"}}
	c = compileOne(t, "s", svc)
	if p := c.Processes[0]; p.Versions != nil || p.Env["RAY_AUTH_MODE"] != "token" || p.Cluster.Head[0] != "/opt/ray" || c.Exposed.Reason != drivers.ReasonInsecureRay {
		t.Errorf("%+v %+v", p, c.Exposed)
	}
}

// TestUnderParents: the door and the private folder become words of the commands, and the value of the key none.
func TestUnderParents(t *testing.T) {
	two := 2
	before := compileOne(t, "s", v1alpha1.Service{Name: "s", VLLM: &v1alpha1.VLLM{Model: "m", Backend: v1alpha1.BackendRay}, Nodes: &two})
	c := UnderParents(before)
	p := c.Processes[0]
	for want, got := range map[string][]string{
		"$(ASSAY) parent --listen $(HOST):$(PORT) --to 127.0.0.1:$(PORT:server) --key VLLM_API_KEY -- vllm serve m": p.Argv,
		"$(ASSAY) parent --private /tmp/assay-$(NONCE) -- ray start --head --block":                                 p.Cluster.Head,
		"$(ASSAY) parent --private /tmp/assay-$(NONCE) -- ray start --block":                                        p.Cluster.Worker,
		"ray status": p.Cluster.Status,
	} {
		if line := strings.Join(got, " "); !strings.HasPrefix(line, want) {
			t.Errorf("%s\ndoes not begin with\n%s", line, want)
		}
	}
	if p.Door != nil || p.Cluster.Private != "" || before.Processes[0].Door == nil || before.Processes[0].Cluster.Private == "" {
		t.Errorf("%+v", p)
	}
}
