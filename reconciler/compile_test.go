package reconciler

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

func testRevision() store.Revision {
	two, gpus, limit := 2, 4, 3
	return store.Revision{
		Experiment: "exp", Generation: 3, Hash: "abc", Origin: drivers.Origin{Commit: "c0ffee"},
		Site: v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: "cluster"}, Spec: v1alpha1.SiteSpec{
			Account: "p1", Modules: []string{"Python"}, Sbatch: []string{"--hint=nomultithread"},
			Defaults: v1alpha1.SiteDefaults{Partition: "cpu", QOS: "default"},
			QOS:      map[string]v1alpha1.QOS{"dev": {Reservation: map[string]string{"gpu": "gpudev"}}},
		}},
		Spec: v1alpha1.Experiment{Spec: v1alpha1.ExperimentSpec{
			WhenDone: "Stop",
			Services: []v1alpha1.Service{{
				Name: "llm", VLLM: &v1alpha1.VLLM{Model: "m"}, Replicas: &v1alpha1.Replicas{Number: two}, Nodes: &two, DependsOn: []string{"db"},
				Resources: v1alpha1.Resources{Partition: "gpu", QOS: "dev", GPUsPerNode: &gpus, CPUsPerNode: 8,
					MemoryPerNode: 1 << 30, Time: v1alpha1.Duration(time.Hour)},
				Ready:   v1alpha1.Readiness{Within: v1alpha1.Duration(time.Minute), StableFor: v1alpha1.Duration(time.Second)},
				Restart: v1alpha1.RestartPolicy{Limit: &limit, Backoff: v1alpha1.Duration(2 * time.Second)},
				Fence:   v1alpha1.Duration(3 * time.Minute),
			}},
			Benchmarks: []v1alpha1.Benchmark{{Name: "b", Target: "llm", Timeout: v1alpha1.Duration(time.Minute),
				Serving: &v1alpha1.Serving{Dataset: "json", Seed: 5}}},
		}},
	}
}

func TestCompile(t *testing.T) {
	got, err := compile(testRevision(), compileSim)
	if err != nil {
		t.Fatal(err)
	}
	s := got.Services[0]
	want := plan.Experiment{
		Name: "exp", Site: "cluster", Revision: "abc", Generation: 3, Commit: "c0ffee", StopDone: true,
		Services: []plan.Service{{
			Name: "llm", Kind: "vllm", Simulated: true, Model: "m", DependsOn: []string{"db"}, Slots: 2,
			Job: drivers.JobSpec{Nodes: 2, Partition: "gpu", QOS: "dev", Account: "p1", Reservation: "gpudev", GPUsPerNode: 4, CPUsPerNode: 8,
				MemoryPerNode: 1 << 30, Time: time.Hour, Modules: []string{"Python"}, Directives: []string{"--hint=nomultithread"}},
			Processes: []drivers.Process{{Name: "llm", Fingerprint: s.Processes[0].Fingerprint, Argv: []string{"serve", "m"}, Metrics: "/metrics",
				Probes: []drivers.Probe{{Path: "/v1/models", Model: "m"}}, Restart: drivers.Restart{Limit: 3, Backoff: 2}, Live: drivers.Live{Every: 10, Misses: 6}, Data: "/data/llm"}},
			Alloc: s.Alloc, Proc: s.Proc, Settings: s.Settings,
			Within: time.Minute, StableFor: time.Second, Restarts: 3, Backoff: 2 * time.Second, Fence: 3 * time.Minute,
		}},
		Benchmarks: []plan.Benchmark{{Name: "b", Target: "llm", Repeats: 1, Timeout: time.Minute, RetryInvalid: 2, Spec: got.Benchmarks[0].Spec,
			Request: drivers.SuiteRequest{Serving: &v1alpha1.Serving{Dataset: "json", Seed: 5}, Seed: 5, Nodes: 1},
			Job: drivers.JobSpec{Nodes: 1, Partition: "cpu", QOS: "default", Account: "p1", Time: 11 * time.Minute,
				Modules: []string{"Python"}, Directives: []string{"--hint=nomultithread"}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, f := range []string{s.Alloc, s.Proc, s.Settings, got.Benchmarks[0].Spec} {
		if len(f) != 12 {
			t.Errorf("fingerprint %q is not 12 hex digits", f)
		}
	}
}

// TestFingerprints says what each change costs: a new job, a restart, or nothing.
func TestFingerprints(t *testing.T) {
	type prints struct{ Alloc, Proc, Settings, Bench bool }
	one, gpus, limit := 1, 2, 9
	for name, c := range map[string]struct {
		edit func(*store.Revision, *v1alpha1.Service)
		want prints
	}{
		"nothing":     {func(*store.Revision, *v1alpha1.Service) {}, prints{}},
		"nodes":       {func(_ *store.Revision, s *v1alpha1.Service) { s.Nodes = &one }, prints{Alloc: true}},
		"gpus":        {func(_ *store.Revision, s *v1alpha1.Service) { s.Resources.GPUsPerNode = &gpus }, prints{Alloc: true}},
		"cpus":        {func(_ *store.Revision, s *v1alpha1.Service) { s.Resources.CPUsPerNode = 4 }, prints{Alloc: true}},
		"memory":      {func(_ *store.Revision, s *v1alpha1.Service) { s.Resources.MemoryPerNode = 1 << 20 }, prints{Alloc: true}},
		"partition":   {func(_ *store.Revision, s *v1alpha1.Service) { s.Resources.Partition = "cpu" }, prints{Alloc: true}},
		"qos":         {func(_ *store.Revision, s *v1alpha1.Service) { s.Resources.QOS = "default" }, prints{Alloc: true}},
		"account":     {func(r *store.Revision, _ *v1alpha1.Service) { r.Site.Spec.Account = "p2" }, prints{Alloc: true}},
		"reservation": {func(r *store.Revision, _ *v1alpha1.Service) { r.Site.Spec.QOS = nil }, prints{Alloc: true}},
		"modules":     {func(r *store.Revision, _ *v1alpha1.Service) { r.Site.Spec.Modules = nil }, prints{Alloc: true}},
		"directives":  {func(r *store.Revision, _ *v1alpha1.Service) { r.Site.Spec.Sbatch = nil }, prints{Alloc: true}},
		"time":        {func(_ *store.Revision, s *v1alpha1.Service) { s.Resources.Time++ }, prints{Settings: true}},
		"within":      {func(_ *store.Revision, s *v1alpha1.Service) { s.Ready.Within++ }, prints{Settings: true}},
		"stableFor":   {func(_ *store.Revision, s *v1alpha1.Service) { s.Ready.StableFor++ }, prints{Settings: true}},
		"live":        {func(_ *store.Revision, s *v1alpha1.Service) { s.Live.Misses = 9 }, prints{Settings: true}},
		"restart":     {func(_ *store.Revision, s *v1alpha1.Service) { s.Restart.Limit = &limit }, prints{Settings: true}},
		"model":       {func(_ *store.Revision, s *v1alpha1.Service) { s.VLLM.Model = "n" }, prints{Proc: true, Settings: true}}, // its probe asks for the model
		"replicas":    {func(_ *store.Revision, s *v1alpha1.Service) { s.Replicas = &v1alpha1.Replicas{Number: one} }, prints{}},
		"prompts": {func(r *store.Revision, _ *v1alpha1.Service) {
			r.Spec.Spec.Benchmarks[0].Serving = &v1alpha1.Serving{Dataset: "regex"}
		}, prints{Bench: true}},
		"timeout": {func(r *store.Revision, _ *v1alpha1.Service) { r.Spec.Spec.Benchmarks[0].Timeout++ }, prints{}},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := compile(testRevision(), compileSim)
			if err != nil {
				t.Fatal(err)
			}
			rev := testRevision()
			c.edit(&rev, &rev.Spec.Spec.Services[0])
			after, err := compile(rev, compileSim)
			if err != nil {
				t.Fatal(err)
			}
			a, b := before.Services[0], after.Services[0]
			got := prints{a.Alloc != b.Alloc, a.Proc != b.Proc, a.Settings != b.Settings, before.Benchmarks[0].Spec != after.Benchmarks[0].Spec}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompileExternal(t *testing.T) {
	rev := testRevision()
	rev.Spec.Spec.Services = []v1alpha1.Service{{Name: "ext", External: &v1alpha1.External{URL: "http://h:1", Type: "chroma"}}}
	got, err := compile(rev, compileSim)
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Services[0]; s.Slots != 0 || s.URL != "http://h:1" || s.Proc == "" || s.Alloc != "" {
		t.Errorf("an external server has no seats and no allocation: %+v", s)
	}
}

func TestCompileErrorNamesTheService(t *testing.T) {
	cause := errors.New("no such kind")
	_, err := compile(testRevision(), func(v1alpha1.Site, v1alpha1.Experiment, v1alpha1.Service) (drivers.Compiled, error) {
		return drivers.Compiled{}, cause
	})
	if !errors.Is(err, cause) || err.Error() != "compiling service llm of experiment exp: no such kind" {
		t.Errorf("got %v", err)
	}
}

// TestSecretHeaders: a request knows the files of the secrets that its headers hold, and of no others.
func TestSecretHeaders(t *testing.T) {
	rev := testRevision()
	rev.Spec.Spec.Benchmarks[0].Serving.SecretHeaders = map[string]string{"X-Api-Key": "TEAM"}
	got, err := compile(rev, func(site v1alpha1.Site, e v1alpha1.Experiment, s v1alpha1.Service) (drivers.Compiled, error) {
		c, err := compileSim(site, e, s)
		if err == nil {
			c.Processes[0].Secrets = map[string]string{"TEAM": "/state/secrets/a", "HF_TOKEN": "/state/secrets/b"}
		}
		return c, err
	})
	if err != nil {
		t.Fatal(err)
	}
	r := got.Benchmarks[0].Request
	if diff := cmp.Diff(map[string]string{"TEAM": "/state/secrets/a"}, r.SecretFiles); diff != "" {
		t.Error(diff)
	}
	r.TokenFile = "/state/secrets/k"
	if diff := cmp.Diff([]string{"/state/secrets/a", "/state/secrets/k"}, r.Secrets()); diff != "" {
		t.Error(diff)
	}
}
