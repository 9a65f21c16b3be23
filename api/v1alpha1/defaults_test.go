package v1alpha1

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDefaults checks single fields of a resolved experiment, as "path value" lines of what was left out.
func TestDefaults(t *testing.T) {
	for name, c := range map[string]struct {
		site Site
		spec string
		text string
	}{
		"vllm on slurm": {
			site: hpc(t), spec: "services: [{name: s, vllm: {model: m}, resources: {partition: gpu}}]",
			text: "partition gpu qos default gpus 4 tp 4 time 2h within 30m limit 5 backoff 10s nodes 1 replicas 1",
		},
		"vllm on the site's partition": {
			site: hpc(t), spec: "services: [{name: s, vllm: {model: m, simulate: {}}}]",
			text: "partition cpu qos default gpus 0 tp 1 time 2h within 30m limit 5 backoff 10s nodes 1 replicas 1",
		},
		"fewer GPUs": {
			site: hpc(t), spec: "services: [{name: s, vllm: {model: m}, resources: {partition: gpu, gpusPerNode: 2}}]",
			text: "partition gpu qos default gpus 2 tp 2 time 2h within 30m limit 5 backoff 10s nodes 1 replicas 1",
		},
		"chroma on a GPU partition": {
			site: hpc(t), spec: "services: [{name: s, chroma: {}, resources: {partition: gpu}}]",
			text: "partition gpu qos default gpus 0 tp 0 time 2h within 5m limit 5 backoff 10s nodes 1 replicas 1",
		},
		"vllm here": {
			site: LocalSite(), spec: "services: [{name: s, vllm: {model: m}}]",
			text: "partition  qos  gpus 0 tp 1 time 1h within 30m limit 5 backoff 2s nodes 1 replicas 1",
		},
		"zeros are kept": {
			site: LocalSite(), spec: "services: [{name: s, chroma: {}, replicas: 0, restart: {limit: 0}}]",
			text: "partition  qos  gpus 0 tp 0 time 1h within 5m limit 0 backoff 2s nodes 1 replicas 0",
		},
	} {
		e := mustLoad(t, fmt.Sprintf(minimal, "a", "site: "+c.site.Metadata.Name+", "+c.spec), map[string]Site{"hpc": hpc(t)}).Experiments[0].Experiment
		s := e.Spec.Services[0]
		tp := 0
		if s.VLLM != nil {
			tp = s.VLLM.TensorParallel
		}
		got := fmt.Sprintf("partition %s qos %s gpus %d tp %d time %s within %s limit %d backoff %s nodes %d replicas %d", s.Resources.Partition,
			s.Resources.QOS, *s.Resources.GPUsPerNode, tp, s.Resources.Time, s.Ready.Within, *s.Restart.Limit, s.Restart.Backoff, *s.Nodes, s.Replicas.Number)
		if diff := cmp.Diff(c.text, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if diff := cmp.Diff(e, Default(c.site, e)); diff != "" {
			t.Errorf("%s: defaulting twice changes something (-once +twice)\n%s", name, diff)
		}
	}
}

func TestDefaultTimeout(t *testing.T) {
	for _, c := range []struct{ service, timeout, want string }{
		{"chroma: {}, resources: {time: 20m}", "", "10m"},
		{"chroma: {}, resources: {time: 8h}", "", "30m"},
		{"chroma: {}, resources: {time: 20m}", "timeout: 15m, ", "15m"},
		{`external: {url: "http://h", type: chroma}`, "", "30m"},
	} {
		spec := "services: [{name: s, " + c.service + "}], benchmarks: [{name: b, target: s, " + c.timeout + "vector: {}}]"
		e := mustLoad(t, fmt.Sprintf(minimal, "a", spec), nil).Experiments[0]
		if got := e.Spec.Benchmarks[0].Timeout.String(); got != c.want {
			t.Errorf("%s %s: timeout %s, want %s", c.service, c.timeout, got, c.want)
		}
	}
}

func TestDefaultPoll(t *testing.T) {
	for _, c := range []struct{ scheduler, poll, want string }{
		{"slurm", "", "15s 2m"},
		{"local", "", "1s 10s"},
		{"slurm", "every: 5m", "5m 5m"},
		{"slurm", "atMost: 10s", "10s 10s"},
		{"slurm", "every: 1s, atMost: 3s", "1s 3s"},
	} {
		text := "apiVersion: assay/v1alpha1\nkind: Site\nmetadata: {name: x}\nspec: {scheduler: " + c.scheduler + ", poll: {" + c.poll + "}}\n"
		p := mustLoad(t, text, nil).Sites[0].Spec.Poll
		if got := p.Every.String() + " " + p.AtMost.String(); got != c.want {
			t.Errorf("%s {%s}: got %s, want %s", c.scheduler, c.poll, got, c.want)
		}
	}
}

// TestDefaultIsPure checks that the argument keeps what it had.
func TestDefaultIsPure(t *testing.T) {
	m, err := Decode([]File{{"all.yaml", mustRead(t, "testdata/good/all.yaml")}})
	if err != nil {
		t.Fatal(err)
	}
	e := m.Experiments[0].Experiment
	before, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	Default(m.Sites[0], e)
	after, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
	if strings.Contains(string(before), "burstiness: 1\n") {
		t.Error("Decode fills in defaults")
	}
}
