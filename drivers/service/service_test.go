package service

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
)

func TestCompile(t *testing.T) {
	site := v1alpha1.LocalSite()
	site.Spec.Paths.Work = "/work"
	open := []drivers.Probe{{Path: "/health", Timeout: 5}, {Path: "/v1/models", Model: "m", Timeout: 5}}
	for name, tc := range map[string]struct {
		svc  v1alpha1.Service
		want drivers.Compiled
	}{
		"vllm with every kind of argument": {
			v1alpha1.Service{VLLM: &v1alpha1.VLLM{Model: "m", TensorParallel: 4, Args: map[string]any{"max-model-len": 8192.0, "enable-prefix-caching": true,
				"enable-chunked-prefill": false, "allowed-origins": []any{"a", "b c"}, "override": map[string]any{"x": 1.0}, "dtype": "half", "gpu-memory-utilization": 0.9}}},
			drivers.Compiled{Kind: "vllm", Model: "m", Process: drivers.Process{Name: "s", Argv: []string{"vllm", "serve", "m", "--host", "$(HOST)", "--port", "$(PORT)",
				"--tensor-parallel-size", "4", "--allowed-origins", "a", "b c", "--dtype", "half", "--no-enable-chunked-prefill", "--enable-prefix-caching",
				"--gpu-memory-utilization", "0.9", "--max-model-len", "8192", "--override", `{"x":1}`}, Probes: open, Metrics: "/metrics", Grace: 30}},
		},
		"a strange model stays one argument": {
			v1alpha1.Service{VLLM: &v1alpha1.VLLM{Model: `x"; touch /tmp/pwned; echo "`, Command: []string{"/opt/vllm", "serve"}}},
			drivers.Compiled{Kind: "vllm", Model: `x"; touch /tmp/pwned; echo "`, Process: drivers.Process{Name: "s", Argv: []string{"/opt/vllm", "serve",
				`x"; touch /tmp/pwned; echo "`, "--host", "$(HOST)", "--port", "$(PORT)", "--tensor-parallel-size", "1"},
				Probes: []drivers.Probe{{Path: "/health", Timeout: 5}, {Path: "/v1/models", Model: `x"; touch /tmp/pwned; echo "`, Timeout: 5}}, Metrics: "/metrics", Grace: 30}},
		},
		"another served name": {
			v1alpha1.Service{VLLM: &v1alpha1.VLLM{Model: "org/long", Args: map[string]any{"served-model-name": "m"}}},
			drivers.Compiled{Kind: "vllm", Model: "m", Process: drivers.Process{Name: "s", Argv: []string{"vllm", "serve", "org/long", "--host", "$(HOST)", "--port", "$(PORT)",
				"--tensor-parallel-size", "1", "--served-model-name", "m"}, Probes: open, Metrics: "/metrics", Grace: 30}},
		},
		"simulated": {
			v1alpha1.Service{VLLM: &v1alpha1.VLLM{Model: "m", Simulate: &v1alpha1.Simulate{MaxRunning: 3}}},
			drivers.Compiled{Kind: "vllm", Simulated: true, Model: "m", Process: drivers.Process{Name: "s", Argv: []string{"$(ASSAY)", "simulate-vllm", "--listen", "$(HOST):$(PORT)",
				"--model", "m", "--config", `{"maxRunning":3}`}, Probes: open, Metrics: "/metrics", Grace: 10}},
		},
		"chroma": {
			v1alpha1.Service{Chroma: &v1alpha1.Chroma{}},
			drivers.Compiled{Kind: "chroma", Process: drivers.Process{Name: "s", Argv: []string{"chroma", "run", "--path", "$(DATA)", "--host", "$(HOST)", "--port", "$(PORT)"},
				Data: "/work/exp/s", Probes: []drivers.Probe{{Path: "/api/v2/heartbeat", Timeout: 5}}, Grace: 10}},
		},
		"process with a data directory": {
			v1alpha1.Service{Process: &v1alpha1.Process{Command: []string{"serve", "$(DATA)"}, Port: 80, Probe: "/up", Metrics: "/m"}, Env: map[string]string{"A": "b"}},
			drivers.Compiled{Kind: "process", Process: drivers.Process{Name: "s", Argv: []string{"serve", "$(DATA)"}, Port: 80, Env: map[string]string{"A": "b"}, Data: "/work/exp/s",
				Probes: []drivers.Probe{{Path: "/up", Timeout: 5}}, Metrics: "/m", Grace: 10}},
		},
		"external": {
			v1alpha1.Service{External: &v1alpha1.External{URL: "http://h:1", Type: "vllm", Model: "m"}},
			drivers.Compiled{Kind: "external", URL: "http://h:1", Model: "m", Process: drivers.Process{Name: "s", Probes: open, Metrics: "/metrics"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tc.svc.Name = "s"
			got, err := Compile(site, "exp", tc.svc)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, svc := range map[string]v1alpha1.Service{
		"nothing":       {},
		"its own port":  {VLLM: &v1alpha1.VLLM{Model: "m", Args: map[string]any{"port": 1.0}}},
		"no value":      {VLLM: &v1alpha1.VLLM{Model: "m", Args: map[string]any{"dtype": nil}}},
		"its own model": {VLLM: &v1alpha1.VLLM{Model: "m", Args: map[string]any{"model": "x"}}},
	} {
		if _, err := Compile(v1alpha1.LocalSite(), "exp", svc); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
