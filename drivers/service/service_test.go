package service

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
)

var experiment = v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "exp"}}

var (
	probes = []drivers.Probe{{Path: "/health", Timeout: 5}, {Path: "/v1/models", Model: "m", Timeout: 5}}
	hfHome = map[string]string{"HF_HOME": "/data/huggingface"}
)

var compileCases = map[string]struct {
	svc  v1alpha1.Service
	want drivers.Compiled
}{
	"vllm with every kind of argument": {
		v1alpha1.Service{VLLM: &v1alpha1.VLLM{Model: "m", TensorParallel: 4, Args: map[string]any{"max-model-len": 8192.0, "enable-prefix-caching": true,
			"enable-chunked-prefill": false, "allowed-origins": []any{"a", "b c"}, "override": map[string]any{"x": 1.0}, "dtype": "half", "gpu-memory-utilization": 0.9}}},
		drivers.Compiled{Kind: "vllm", Model: "m", Processes: []drivers.Process{{Name: "s", Argv: []string{"vllm", "serve", "m", "--host", "$(HOST)", "--port", "$(PORT)",
			"--tensor-parallel-size", "4", "--allowed-origins", "a", "b c", "--dtype", "half", "--no-enable-chunked-prefill", "--enable-prefix-caching",
			"--gpu-memory-utilization", "0.9", "--max-model-len", "8192", "--override", `{"x":1}`}, Probes: probes, Metrics: "/metrics", Grace: 30, Env: hfHome, Weights: &drivers.Weights{Model: "m"}}}},
	},
	"a strange model stays one argument": {
		v1alpha1.Service{VLLM: &v1alpha1.VLLM{Model: `x"; touch /tmp/pwned; echo "`, Command: []string{"/opt/vllm", "serve"}}},
		drivers.Compiled{Kind: "vllm", Model: `x"; touch /tmp/pwned; echo "`, Processes: []drivers.Process{{Name: "s", Argv: []string{"/opt/vllm", "serve",
			`x"; touch /tmp/pwned; echo "`, "--host", "$(HOST)", "--port", "$(PORT)", "--tensor-parallel-size", "1"},
			Probes: []drivers.Probe{{Path: "/health", Timeout: 5}, {Path: "/v1/models", Model: `x"; touch /tmp/pwned; echo "`, Timeout: 5}}, Metrics: "/metrics", Grace: 30, Env: hfHome, Weights: &drivers.Weights{Model: `x"; touch /tmp/pwned; echo "`}}}},
	},
	"another served name": {
		v1alpha1.Service{VLLM: &v1alpha1.VLLM{Model: "org/long", Args: map[string]any{"served-model-name": "m"}}},
		drivers.Compiled{Kind: "vllm", Model: "m", Processes: []drivers.Process{{Name: "s", Argv: []string{"vllm", "serve", "org/long", "--host", "$(HOST)", "--port", "$(PORT)",
			"--tensor-parallel-size", "1", "--served-model-name", "m"}, Probes: probes, Metrics: "/metrics", Grace: 30, Env: hfHome, Weights: &drivers.Weights{Model: "org/long"}}}},
	},
	"several served names, and a value that looks like an option": {
		v1alpha1.Service{VLLM: &v1alpha1.VLLM{Model: "org/long", Args: map[string]any{"served_model_name": []any{"m", "n"}, "seed": -1.0, "revision": "v2"}}},
		drivers.Compiled{Kind: "vllm", Model: "m", Processes: []drivers.Process{{Name: "s", Argv: []string{"vllm", "serve", "org/long", "--host", "$(HOST)", "--port", "$(PORT)",
			"--tensor-parallel-size", "1", "--revision", "v2", "--seed=-1", "--served_model_name", "m", "n"}, Probes: probes, Metrics: "/metrics", Grace: 30, Env: hfHome, Weights: &drivers.Weights{Model: "org/long", Revision: "v2"}}}},
	},
	"simulated under another name": {
		v1alpha1.Service{VLLM: &v1alpha1.VLLM{Model: "org/long", Args: map[string]any{"served-model-name": "m"}, Simulate: &v1alpha1.Simulate{}}},
		drivers.Compiled{Kind: "vllm", Simulated: true, Model: "m", Processes: []drivers.Process{{Name: "s", Argv: []string{"$(ASSAY)", "simulate-vllm", "--listen",
			"$(HOST):$(PORT)", "--model", "m", "--config", `{}`}, Probes: probes, Metrics: "/metrics", Grace: 10}}},
	},
	"chroma by another command": {
		v1alpha1.Service{Chroma: &v1alpha1.Chroma{Command: []string{"node", "cli.mjs"}}},
		drivers.Compiled{Kind: "chroma", Processes: []drivers.Process{{Name: "s", Argv: []string{"node", "cli.mjs", "run", "--path", "$(DATA)", "--host", "$(HOST)", "--port", "$(PORT)"},
			Data: "/data/exp/s", Probes: []drivers.Probe{{Path: "/api/v2/heartbeat", Timeout: 5}}, Grace: 10, Ask: []string{"node", "cli.mjs", "--version"}}}},
	},
	"external chroma": {
		v1alpha1.Service{External: &v1alpha1.External{URL: "http://h:1", Type: "chroma"}},
		drivers.Compiled{Kind: "external", URL: "http://h:1", Processes: []drivers.Process{{Name: "s", Probes: []drivers.Probe{{Path: "/api/v2/heartbeat", Timeout: 5}}}}},
	},
	"process without a probe path": {
		v1alpha1.Service{Process: &v1alpha1.Process{Command: []string{"serve"}}, Env: map[string]string{"HOME": "$(DATA)/home"}},
		drivers.Compiled{Kind: "process", Processes: []drivers.Process{{Name: "s", Argv: []string{"serve"}, Env: map[string]string{"HOME": "$(DATA)/home"}, Data: "/data/exp/s",
			Probes: []drivers.Probe{{Timeout: 5}}, Grace: 10}}},
	},
	"simulated": {
		v1alpha1.Service{VLLM: &v1alpha1.VLLM{Model: "m", Simulate: &v1alpha1.Simulate{MaxRunning: 3}}},
		drivers.Compiled{Kind: "vllm", Simulated: true, Model: "m", Processes: []drivers.Process{{Name: "s", Argv: []string{"$(ASSAY)", "simulate-vllm", "--listen", "$(HOST):$(PORT)",
			"--model", "m", "--config", `{"maxRunning":3}`}, Probes: probes, Metrics: "/metrics", Grace: 10}}},
	},
	"chroma": {
		v1alpha1.Service{Chroma: &v1alpha1.Chroma{}},
		drivers.Compiled{Kind: "chroma", Processes: []drivers.Process{{Name: "s", Argv: []string{"chroma", "run", "--path", "$(DATA)", "--host", "$(HOST)", "--port", "$(PORT)"},
			Data: "/data/exp/s", Probes: []drivers.Probe{{Path: "/api/v2/heartbeat", Timeout: 5}}, Grace: 10, Ask: []string{"chroma", "--version"}}}},
	},
	"process with a data directory": {
		v1alpha1.Service{Process: &v1alpha1.Process{Command: []string{"serve", "$(DATA)"}, Port: 80, Probe: "/up", Metrics: "/m"}, Env: map[string]string{"A": "b"}},
		drivers.Compiled{Kind: "process", Processes: []drivers.Process{{Name: "s", Argv: []string{"serve", "$(DATA)"}, Port: 80, Env: map[string]string{"A": "b"}, Data: "/data/exp/s",
			Probes: []drivers.Probe{{Path: "/up", Timeout: 5}}, Metrics: "/m", Grace: 10}}},
	},
	"external": {
		v1alpha1.Service{External: &v1alpha1.External{URL: "http://h:1", Type: "vllm", Model: "m"}},
		drivers.Compiled{Kind: "external", URL: "http://h:1", Model: "m", Processes: []drivers.Process{{Name: "s", Probes: probes, Metrics: "/metrics"}}},
	},
}

func TestCompile(t *testing.T) {
	site := v1alpha1.LocalSite()
	site.Spec.Paths.Work = "/data"
	for name, tc := range compileCases {
		t.Run(name, func(t *testing.T) {
			tc.svc.Name = "s"
			got, err := Compile(site, experiment, tc.svc)
			if err != nil {
				t.Fatal(err)
			}
			got.Exposed = drivers.Exposed{} // see TestKeys
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	args := func(name string, value any) v1alpha1.Service {
		return v1alpha1.Service{Name: "s", VLLM: &v1alpha1.VLLM{Model: "m", Args: map[string]any{name: value}}}
	}
	dry := args("port", 1.0)
	dry.VLLM.Simulate = &v1alpha1.Simulate{}
	for name, tc := range map[string]struct {
		svc  v1alpha1.Service
		want string
	}{
		"nothing":             {v1alpha1.Service{Name: "s"}, "names none of vllm, sglang, llamacpp, chroma, lustre, monitors, process, gateway, external"},
		"its own port":        {args("port", 1.0), "vllm.args.port cannot be given: assay allocates the port"},
		"also when simulated": {dry, "vllm.args.port cannot be given"},
		"another spelling":    {args("tensor_parallel_size", 1.0), "write it as vllm.tensorParallel"},
		"its own model":       {args("model", "x"), "write it as vllm.model"},
		"no value":            {args("dtype", nil), "has no value"},
		"a key in argv":       {args("api-key", "x"), "declare a secret called VLLM_API_KEY"},
		"the executor":        {args("distributed-executor-backend", "mp"), "write it as vllm.backend"},
		"an unread secret":    {v1alpha1.Service{Name: "s", Process: &v1alpha1.Process{Command: []string{"x"}}, Secrets: map[string]v1alpha1.Secret{"A": {Env: "A"}}}, "its secret A was never read"},
		"nothing in a list":   {args("middleware", []any{}), "the list is empty"},
	} {
		_, err := Compile(v1alpha1.LocalSite(), experiment, tc.svc)
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "service exp/s: ") {
			t.Errorf("%s: %v, want an error with %q", name, err, tc.want)
		}
	}
}
