package service

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// factorySite and factoryOf are an experiment with every kind of service, resolved.
func factorySite() v1alpha1.Site {
	s := v1alpha1.LocalSite()
	s.Spec.Scheduler = v1alpha1.Slurm
	s.Spec.Paths = v1alpha1.Paths{State: "/state", Work: "/work"}
	return s
}

func factoryOf(services ...v1alpha1.Service) v1alpha1.Experiment {
	e := v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "exp"}, Spec: v1alpha1.ExperimentSpec{Services: services}}
	return v1alpha1.Default(factorySite(), e)
}

func compileOne(t *testing.T, name string, services ...v1alpha1.Service) drivers.Compiled {
	t.Helper()
	e := factoryOf(services...)
	for _, s := range e.Spec.Services {
		if s.Name == name {
			c, err := Compile(factorySite(), e, s)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
	}
	t.Fatalf("no service %s", name)
	return drivers.Compiled{}
}

var watch = v1alpha1.Service{Name: "mon", Monitors: &v1alpha1.Monitors{}}

// TestRay: the whole command of every part of a server on several nodes.
func TestRay(t *testing.T) {
	two, four := 2, 4
	c := compileOne(t, "llm", v1alpha1.Service{Name: "llm", VLLM: &v1alpha1.VLLM{Model: "m", Backend: v1alpha1.BackendRay}, Nodes: &two, Resources: v1alpha1.Resources{GPUsPerNode: &four},
		Secrets: map[string]v1alpha1.Secret{"HF_TOKEN": {Env: "X", Digest: "d1"}, "VLLM_API_KEY": {Env: "Y", Digest: "d2"}}})
	got := c.Processes[0]
	want := drivers.Process{Name: "llm", GPUs: 4, Token: "VLLM_API_KEY", Metrics: "/metrics", Private: true, Grace: 30,
		Argv:     strings.Fields("vllm serve m --host 127.0.0.1 --port $(PORT:server) --tensor-parallel-size 4 --pipeline-parallel-size 2 --distributed-executor-backend ray"),
		Env:      map[string]string{"HF_HOME": "/work/huggingface", "PMIX_MCA_psec": "native", "RAY_ADDRESS": "$(ADDR):$(PORT:ray)", "RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0"},
		Secrets:  map[string]string{"HF_TOKEN": "/state/secrets/d1", "VLLM_API_KEY": "/state/secrets/d2", "RAY_AUTH_TOKEN": "/state/secrets/exp.llm.RAY_AUTH_TOKEN.key"},
		Door:     &drivers.Door{Port: "server"},
		Weights:  &drivers.Weights{Model: "m"},
		Versions: &drivers.Versions{Argv: []string{"ray", "--version"}, Least: "2.52", Reason: "InsecureRay", Advice: got.Versions.Advice},
		Probes:   []drivers.Probe{{Path: "/health", Timeout: 5}, {Path: "/v1/models", Model: "m", Timeout: 5}},
		Cluster: &drivers.Cluster{Nodes: 2, GPUs: 8, Private: "/tmp/assay-$(NONCE)",
			Head: strings.Fields("ray start --head --block --disable-usage-stats --include-dashboard=false --port=$(PORT:ray) --dashboard-agent-listen-port=$(PORT:agent) " +
				"--dashboard-agent-grpc-port=$(PORT:agent-grpc) --runtime-env-agent-port=$(PORT:runtime) --metrics-export-port=$(PORT:metrics) --temp-dir=/tmp/assay-$(NONCE)/ray --num-gpus=4"),
			Worker: strings.Fields("ray start --block --disable-usage-stats --address=$(ADDR):$(PORT:ray) --num-gpus=4"),
			Status: strings.Fields("ray status --address=$(ADDR):$(PORT:ray)")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRanks: a server on several nodes without Ray is one command a node; only the first listens for clients.
func TestRanks(t *testing.T) {
	two, four := 2, 4
	of := func(v v1alpha1.VLLM) drivers.Process {
		v.Model = "m"
		return compileOne(t, "llm", v1alpha1.Service{Name: "llm", VLLM: &v, Nodes: &two, Resources: v1alpha1.Resources{GPUsPerNode: &four}}).Processes[0]
	}
	const serve, meet = "vllm serve m", " --master-addr $(ADDR) --master-port $(PORT:ranks)"
	const copies = " --data-parallel-size 4 --data-parallel-size-local 2 --data-parallel-address $(ADDR) --data-parallel-rpc-port $(PORT:ranks)"
	for name, c := range map[string]struct {
		v                   v1alpha1.VLLM
		first, joined, rank string
	}{
		"one copy over both": {v1alpha1.VLLM{Backend: "mp", Args: map[string]any{"seed": 1.0}},
			serve + " --host 127.0.0.1 --port $(PORT:server) --tensor-parallel-size 4 --pipeline-parallel-size 2 --seed 1", " --nnodes 2 --node-rank 0" + meet,
			serve + " --tensor-parallel-size 4 --pipeline-parallel-size 2 --seed 1 --nnodes 2 --node-rank 1" + meet + " --headless"},
		"copies": {v1alpha1.VLLM{DataParallel: 4, ExpertParallel: true},
			serve + " --host 127.0.0.1 --port $(PORT:server) --tensor-parallel-size 2 --enable-expert-parallel", copies,
			serve + " --tensor-parallel-size 2 --enable-expert-parallel" + copies + " --data-parallel-start-rank 2 --headless"},
	} {
		p := of(c.v)
		if p.Ranks == nil || p.Cluster != nil || p.Versions != nil || len(p.Ranks.Others) != 1 {
			t.Fatalf("%s: %+v", name, p)
		}
		for _, pair := range [][2]string{{c.first, strings.Join(p.Argv, " ")}, {c.joined, " " + strings.Join(p.Ranks.Args, " ")}, {c.rank, strings.Join(p.Ranks.Others[0], " ")}} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s\nwant %s", name, pair[1], pair[0])
			}
		}
	}
	auto := of(v1alpha1.VLLM{})
	if auto.Ranks == nil || auto.Ranks.Versions == nil || auto.Ranks.Versions.Least != "0.12" || auto.Cluster == nil || strings.Join(auto.Cluster.Args, " ") != "--distributed-executor-backend ray" {
		t.Errorf("auto: %+v %+v", auto.Ranks, auto.Cluster)
	}
	if own := of(v1alpha1.VLLM{Command: []string{"/opt/serve-it"}}); own.Ranks == nil || own.Ranks.Versions != nil || own.Cluster != nil {
		t.Errorf("a command that has no version: %+v", own)
	}
}

// TestMonitorsLetNobodyIn: every port of every component has a protection, and what cannot ask for anything is on loopback.
func TestMonitorsLetNobodyIn(t *testing.T) {
	c := compileOne(t, "mon", watch)
	var text strings.Builder
	for _, p := range c.Processes {
		if !p.Private || p.Password != "/state/secrets/monitors.exp.mon.password" || p.Protected[""] == "" || p.Protected[""] == drivers.Unprotected {
			t.Errorf("%+v", p)
		}
		for _, probe := range p.Probes {
			if p.Protected[probe.Port] == "" || p.Protected[probe.Port] == drivers.OnLoopback && !probe.Local {
				t.Errorf("%s: port %q: %+v", p.Name, probe.Port, p.Protected)
			}
		}
		for _, f := range p.Files {
			text.WriteString(f.Content)
		}
		if strings.Contains(strings.Join(p.Argv, " "), "$(PASSWORD)") {
			t.Errorf("a secret in a command line: %q", p.Argv)
		}
	}
	for _, want := range []string{"assay: $(BCRYPT)", "credentials: $(SCRAPE)", "client_ca_file: $(CONF)/collector.pem", "Authorization: Basic $(BASIC)", "basicAuthPassword: $(PASSWORD)", "host: 127.0.0.1"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in %s", want, text.String())
		}
	}
	if c.Certificate != "/state/secrets/monitors.exp.mon.pem" {
		t.Error(c.Certificate)
	}
}

// TestTelemetryOnlyWithACollector: without one nothing is configured that would fail to connect.
func TestTelemetryOnlyWithACollector(t *testing.T) {
	docs := v1alpha1.Service{Name: "docs", Chroma: &v1alpha1.Chroma{}}
	web := v1alpha1.Service{Name: "web", Process: &v1alpha1.Process{Command: []string{"serve"}}}
	few := v1alpha1.Service{Name: "mon", Monitors: &v1alpha1.Monitors{Components: []string{"prometheus"}}}
	if p := compileOne(t, "docs", docs, few).Processes[0]; len(p.Files) != 0 || slices.Contains(p.Argv, "$(CONF)/chroma.yaml") {
		t.Errorf("%+v", p)
	}
	p := compileOne(t, "docs", watch, docs).Processes[0]
	want := "listen_address: 127.0.0.1\nopen_telemetry:\n  endpoint: http://127.0.0.1:$(RELAY:otlp-grpc)\n  service_name: docs\npersist_path: $(DATA)\nport: $(PORT:server)\n"
	if len(p.Files) != 1 || p.Files[0].Content != want || p.Data != "/work/exp/docs" || !slices.Equal(p.Argv, []string{"chroma", "run", "$(CONF)/chroma.yaml"}) {
		t.Errorf("%+v", p)
	}
	if p := compileOne(t, "web", web, watch).Processes[0]; p.Env["OTEL_EXPORTER_OTLP_ENDPOINT"] != "http://127.0.0.1:$(RELAY:otlp-http)" || p.Env["OTEL_SERVICE_NAME"] != "web" {
		t.Errorf("%+v", p.Env)
	}
	if p := compileOne(t, "web", web).Processes[0]; len(p.Env) != 0 {
		t.Errorf("%+v", p.Env)
	}
}

// TestMonitors: three processes that find each other, and no fixed port.
func TestMonitors(t *testing.T) {
	c := compileOne(t, "mon", watch)
	var names []string
	for _, p := range c.Processes {
		names = append(names, p.Name)
		if p.Port != 0 || p.Data == "" || p.Metrics == "" || len(p.Probes) == 0 {
			t.Errorf("%+v", p)
		}
	}
	if diff := cmp.Diff([]string{"mon.prometheus", "mon.grafana", "mon.otel-collector"}, names); diff != "" {
		t.Error(diff)
	}
	want := map[string]drivers.Telemetry{"otlp-grpc": {Process: "mon.otel-collector", Port: "grpc"}, "otlp-http": {Process: "mon.otel-collector", Port: "http"}}
	if diff := cmp.Diff(want, c.Telemetry); diff != "" {
		t.Error(diff)
	}
	text, err := json.Marshal(c.Processes)
	if err != nil {
		t.Fatal(err)
	}
	for _, need := range []string{"$(PORT@mon.prometheus)", "assay-prometheus", "--storage.tsdb.retention.time=720h", "admin-password", "/state/metrics.prom", `"GF_AUTH_ANONYMOUS_ENABLED":"false"`} {
		if !strings.Contains(string(text), need) {
			t.Errorf("nothing says %s", need)
		}
	}
	if strings.Contains(string(text), "number ") {
		t.Error("a mark of the YAML writer is left")
	}
	one := compileOne(t, "mon", v1alpha1.Service{Name: "mon", Monitors: &v1alpha1.Monitors{Components: []string{"otel-collector"}}})
	if len(one.Processes) != 1 || strings.Contains(one.Processes[0].Files[0].Content, "remotewrite") {
		t.Errorf("a collector alone has nowhere to write metrics: %+v", one.Processes)
	}
}

// TestPrometheusConfig has the real promtool read what Prometheus would.
func TestPrometheusConfig(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("ASSAY_REQUIRE_PROMETHEUS") == "1" {
			t.Fatal(err)
		}
		t.Skip("no promtool on PATH: apt-get install prometheus")
	}
	dir := t.TempDir()
	p := compileOne(t, "mon", watch).Processes[0]
	path := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(p.Files[0].Content, "$(CONF)", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "check", "config", path).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, p.Files[0].Content)
	}
}

func TestLustreHasNoProcess(t *testing.T) {
	c := compileOne(t, "io", v1alpha1.Service{Name: "io", Lustre: &v1alpha1.Lustre{Path: "/scratch/io", StripeCount: 4}})
	if c.Kind != "lustre" || c.Lustre == nil || c.Lustre.StripeCount != 4 || len(c.Processes) != 0 {
		t.Errorf("%+v", c)
	}
}
