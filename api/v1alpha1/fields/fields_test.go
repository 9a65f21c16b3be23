package fields

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
)

var onlyDefault = regexp.MustCompile(`(?i)\bdefault:? .*$`)

// TestEveryFieldIsExplained: what it means besides its default, what holds without it, and an example.
func TestEveryFieldIsExplained(t *testing.T) {
	used := map[string]bool{}
	for _, p := range All() {
		key := p.Field.Of.Name() + "." + p.Field.Name
		used[key] = true
		if n := len(strings.Fields(onlyDefault.ReplaceAllString(p.Field.Meaning, ""))); n < 3 {
			t.Errorf("%s (%s) says too little, %q: write a comment at the field, or words in this package", p.Path, key, p.Field.Meaning)
		}
		if p.Field.Default == "" && !p.Field.Required {
			t.Errorf("%s (%s) does not say what holds without it", p.Path, key)
		}
		if scalar(p.Field.Type) && shapes[p.Field.Type].words == "" {
			t.Errorf("%s (%s) reads its value itself: give the form of a %s in shapes", p.Path, key, p.Field.Type)
		}
	}
	if len(used) < 300 {
		t.Errorf("only %d fields were found: the walk is broken", len(used))
	}
	for _, of := range Of(reflect.TypeFor[v1alpha1.Declared]()) {
		used["Declared."+of.Name] = true
	}
	for key := range words {
		if !used[key] {
			t.Errorf("words has %s, which is no field", key)
		}
	}
}

// TestDefaultsAreTrue holds the defaults that comments give against those that are filled in.
func TestDefaultsAreTrue(t *testing.T) {
	slurm := v1alpha1.DefaultSite(v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: "s"}, Spec: v1alpha1.SiteSpec{Scheduler: v1alpha1.Slurm}})
	set := map[string]reflect.Value{}
	for _, e := range []string{
		"services: [{name: llm, vllm: {model: m, simulate: {}}}]\n  benchmarks: [{name: b, target: llm, serving: {dataset: json}}]",
		"services: [{name: docs, chroma: {}}]\n  benchmarks: [{name: b, target: docs, vector: {}}]",
		"services: [{name: io, lustre: {path: x}}, {name: m, monitors: {}}]\n  benchmarks: [{name: b, target: io, storage: {}}]",
		"services: [{name: a, process: {command: [x]}}, {name: llm, vllm: {model: m}, replicas: {min: 1, max: 2, metric: up, target: 1}}]\n" +
			"  benchmarks: [{name: b, target: llm, serving: {dataset: shared-prefix}, search: {rate: {from: 1, to: 2}, slo: {ttft_p90: 1s}}}]",
	} {
		m, err := v1alpha1.Load([]v1alpha1.File{{Name: "x", Data: []byte("apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: x}\nspec:\n  site: s\n  " + e)}}, map[string]v1alpha1.Site{"s": slurm}, "")
		if err != nil {
			t.Fatal(err)
		}
		resolved(reflect.ValueOf(m.Experiments[0].Spec), set)
	}
	resolved(reflect.ValueOf(slurm.Spec), set)
	checked := 0
	for _, p := range All() {
		v, ok := set[p.Field.Of.Name()+"."+p.Field.Name]
		literal := strings.Fields(strings.NewReplacer(";", "", ",", "").Replace(p.Field.Default) + " ")
		if !ok || len(literal) != 1 || inner(p.Field.Type) != nil || strings.HasSuffix(p.Path, "pipelineParallel") { // its default is nodes
			continue
		}
		if d, ok := v.Interface().(v1alpha1.Duration); ok {
			if want, err := v1alpha1.ParseDuration(literal[0]); err != nil || want != d {
				t.Errorf("%s says that its default is %s, and it is %s", p.Path, p.Field.Default, d)
			}
			checked++
			continue
		}
		got, err := v1alpha1.Encode(v.Interface())
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.TrimSpace(string(got)); text != literal[0] && text != `"`+literal[0]+`"` {
			t.Errorf("%s says that its default is %s, and it is %s", p.Path, p.Field.Default, text)
		}
		checked++
	}
	if checked < 30 {
		t.Errorf("only %d defaults were compared", checked)
	}
}

// resolved collects what was filled in, by TYPE.FIELD; the first value of a field counts.
func resolved(v reflect.Value, to map[string]reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			resolved(v.Elem(), to)
		}
	case reflect.Slice:
		for i := range v.Len() {
			resolved(v.Index(i), to)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if name == "" || !v.Type().Field(i).IsExported() {
				continue
			}
			key := v.Type().Name() + "." + name
			if _, ok := to[key]; !ok && !v.Field(i).IsZero() {
				to[key] = v.Field(i)
			}
			resolved(v.Field(i), to)
		}
	}
}

func TestFind(t *testing.T) {
	for path, want := range map[string]string{
		"experiment":                            "Experiment spec",
		"site":                                  "Site spec",
		"services.vllm.model":                   "Experiment spec.services[].vllm.model",
		"experiment.spec.services[0].vllm.args": "Experiment spec.services[].vllm.args",
		"spec.partitions[gpu].maxTime":          "Site spec.partitions[NAME].maxTime",
		"service":                               "Experiment spec.services",
		"service.restart":                       "Experiment spec.services[].restart",
		"gates":                                 "Experiment spec.benchmarks[].gates",
		"site.time":                             "Site spec.defaults.time",
		"replicas.up.window":                    "Experiment spec.services[].replicas.up.window",
		"sweep.matrix":                          "Experiment spec.sweep.matrix",
		"modle":                                 `no field is called "modle"; did you mean model?`,
		"vllm.modle":                            `no field is called "vllm.modle"; did you mean vllm.model?`,
		"...":                                   `no field is called "..."; type assay explain experiment or assay explain site for all of them`,
	} {
		places, err := Find(path)
		var got []string
		for _, p := range places {
			got = append(got, p.Kind+" "+p.Path)
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", path, diff)
		}
	}
	if several, err := Find("model"); err != nil || len(several) < 4 {
		t.Errorf("model: %d places, %v", len(several), err)
	}
}

func TestExplain(t *testing.T) {
	for path, want := range map[string]string{
		"retryInvalid": `FIELD    spec.benchmarks[].retryInvalid (Experiment)
TYPE     whole number, 0 to 100
DEFAULT  2
EXAMPLE  retryInvalid: 2
SINCE    assay/v1alpha1

  retryInvalid is how often a repeat whose result is not valid is done again by itself; default 2.
  Every result is kept, and the last one counts. A reason that would come again, such as a server
  without token counts, is not tried again.
`,
		"poll": `FIELD    spec.poll (Site)
TYPE     mapping
DEFAULT  those of its fields
EXAMPLE  poll: {every: 15s, atMost: 2m}
SINCE    assay/v1alpha1

  poll bounds how often the scheduler is asked: at least Every apart, at most atMost apart.

FIELDS
  every  (duration)
      The least time between two questions.
  atMost  (duration)
      The most time between two questions.
`,
		"compare.metric": `FIELD    spec.benchmarks[].compare.metric (Experiment)
TYPE     text
DEFAULT  not set
EXAMPLE  metric: output_throughput
SINCE    assay/v1alpha1

  The metric that decides, with repeats.stop.
`,
	} {
		var b strings.Builder
		if err := Explain(&b, path, false); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", path, diff)
		}
	}
	var b strings.Builder
	if err := Explain(&b, "services.restart", true); err != nil || b.String() != strings.TrimLeft(`
spec.services[].restart                                      mapping
spec.services[].restart.limit                                whole number, 0 to 100
spec.services[].restart.backoff                              duration
`, "\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// TestSince: a field that came later says so in its tag.
func TestSince(t *testing.T) {
	type late struct {
		New string `json:"new,omitempty" since:"0.9"`
	}
	if got := Of(reflect.TypeFor[late]())[0].Since; got != "0.9" {
		t.Errorf("since %q", got)
	}
}
