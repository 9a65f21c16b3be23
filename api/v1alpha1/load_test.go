package v1alpha1

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-multierror"
	"sigs.k8s.io/yaml"
)

func load(t *testing.T, text string, sites map[string]Site) (Manifest, error) {
	t.Helper()
	return Load([]File{{"in.yaml", []byte(text)}}, sites, "")
}

func mustLoad(t *testing.T, text string, sites map[string]Site) Manifest {
	t.Helper()
	m, err := load(t, text, sites)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// encodeAll writes a manifest the way that it can be read again.
func encodeAll(t testing.TB, m Manifest) []byte {
	t.Helper()
	var out bytes.Buffer
	add := func(v any) {
		data, err := Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
		out.Write(data)
	}
	for _, s := range m.Sites {
		add(s)
	}
	for _, e := range m.Experiments {
		add(e.Experiment)
	}
	return out.Bytes()
}

// TestGood loads a manifest with everything in it. What comes out is in all.golden; it loads to itself.
func TestGood(t *testing.T) {
	data, err := os.ReadFile("testdata/good/all.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m := mustLoad(t, string(data), nil)
	got := encodeAll(t, m)
	golden := "testdata/good/all.golden"
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("resolved manifest (-want +got)\n%s", diff)
	}
	again := encodeAll(t, mustLoad(t, string(got), nil))
	if diff := cmp.Diff(string(got), string(again)); diff != "" {
		t.Errorf("a resolved manifest does not load to itself (-first +second)\n%s", diff)
	}
}

// TestAgreesWithStrictYAML compares our decoder with another one, on a document without traps.
func TestAgreesWithStrictYAML(t *testing.T) {
	m, err := Decode([]File{{"all.golden", mustRead(t, "testdata/good/all.golden")}})
	if err != nil {
		t.Fatal(err)
	}
	data, err := Encode(m.Experiments[0].Experiment)
	if err != nil {
		t.Fatal(err)
	}
	var want Experiment
	if err := yaml.UnmarshalStrict(data, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, m.Experiments[0].Experiment); diff != "" {
		t.Errorf("(-strict +ours)\n%s", diff)
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no examples here")
	}
	for _, f := range files {
		if _, err := load(t, string(mustRead(t, f)), nil); err != nil {
			t.Errorf("%s:\n%v", f, err)
		}
	}
}

const minimal = "apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: %s}\nspec: {%s}\n"

func TestDefaultSiteOfAnExperiment(t *testing.T) {
	cluster, other := hpc(t), hpc(t)
	other.Metadata.Name = "other"
	plain := fmt.Sprintf(minimal, "a", "")
	for name, c := range map[string]struct {
		text   string
		sites  map[string]Site
		option string
		want   string
	}{
		"none known":          {text: plain, want: "local"},
		"one known":           {text: plain, sites: map[string]Site{"hpc": cluster, "local": LocalSite()}, want: "hpc"},
		"two known":           {text: plain, sites: map[string]Site{"hpc": cluster, "other": other}, want: "local"},
		"chosen":              {text: plain, sites: map[string]Site{"hpc": cluster, "other": other}, option: "other", want: "other"},
		"named":               {text: fmt.Sprintf(minimal, "a", "site: local"), sites: map[string]Site{"hpc": cluster}, option: "hpc", want: "local"},
		"declared along":      {text: plain + "---\n" + string(mustRead(t, "testdata/hpc.yaml")), want: "hpc"},
		"chosen, not known":   {text: plain, option: "nowhere", want: `in.yaml:4:1: spec.site: site "nowhere" is not known (apply its file first, or give it along: -f SITE.yaml)`},
		"declared, not valid": {text: fmt.Sprintf(minimal, "a", "site: x") + "---\nkind: Site\n", want: "in.yaml:6:1: apiVersion: is required (write apiVersion: assay/v1alpha1)\nin.yaml:6:1: metadata.name: is required\nin.yaml:6:1: spec.scheduler: is required"},
	} {
		m, err := Load([]File{{"in.yaml", []byte(c.text)}}, c.sites, c.option)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = m.Experiments[0].Spec.Site
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestSeveralFiles checks that problems of all files come together, in order, and that documents know their place.
func TestSeveralFiles(t *testing.T) {
	good := fmt.Sprintf(minimal, "a", "")
	bad := fmt.Sprintf(minimal, "b", "sit: local")
	_, err := Load([]File{{"z.yaml", []byte(bad)}, {"a.yaml", []byte(bad)}, {"m.yaml", []byte(good)}}, nil, "")
	var list *multierror.Error
	if !errors.As(err, &list) {
		t.Fatalf("not a list of problems: %v", err)
	}
	want := `a.yaml:3:18: metadata.name: experiment b is declared twice, first in z.yaml:1 (rename or remove one)
a.yaml:4:8: spec.sit: unknown field (did you mean site?)
z.yaml:4:8: spec.sit: unknown field (did you mean site?)`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	m, err := Load([]File{{"one.yaml", []byte(good)}, {"two.yaml", []byte("# x\n---\n" + fmt.Sprintf(minimal, "b", ""))}}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range m.Experiments {
		got = append(got, fmt.Sprintf("%s %s:%d", e.Metadata.Name, e.File, e.Line))
	}
	if diff := cmp.Diff([]string{"a one.yaml:1", "b two.yaml:3"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestLimits(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: a}\nspec:\n  services:\n    - name: llm\n      vllm:\n        model: m\n        args:\n          a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 20; i++ {
		fmt.Fprintf(&bomb, "          a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"alias bomb":     {bomb.String(), "aliases stand for more than 10000 values (write the values out)"},
		"deep nesting":   {fmt.Sprintf(minimal, "a", "x: 1, services: [{name: a, vllm: {model: m, args: {x: "+strings.Repeat("[", 100)+strings.Repeat("]", 100)+"}}}]"), "is nested more than 40 levels deep"},
		"a large file":   {strings.Repeat("# comment\n", MaxFile/10+1), "in.yaml:1:1: has 1048580 bytes; a manifest can have at most 1048576"},
		"many problems":  {"apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: a}\nspec:\n" + strings.Repeat("  - x\n", 2) + "---\n" + strings.Repeat("- x\n---\n", 200), "and 151 more problems"},
		"tagged":         {"a: 1\n--- \n" + strings.Repeat("---\na: 1\n", 1000), "in.yaml:1999:1: is document 1001; a manifest can have at most 1000"},
		"separators":     {strings.Repeat("a,", 200_001), "more than 200000 values and lines come before this"},
		"services":       {fmt.Sprintf(minimal, "a", "services: ["+strings.Repeat("{},", 2001)+"]"), "spec.services: has 2001 entries; there can be at most 2000"},
		"fields":         {fmt.Sprintf(minimal, "a", "services: [{name: s, chroma: {}, env: {"+many(2001, "A%d: x")+"}}]"), "spec.services[0].env: has 2001 entries; there can be at most 2000"},
		"values":         {fmt.Sprintf(minimal, "a", "services: [{name: s, vllm: {model: m, args: {a: ["+many(60, "["+strings.Repeat("1,", 1990)+"]")+"]}}}]"), "more than 100000 values come before this; a document can have at most so many"},
		"a long value":   {fmt.Sprintf(minimal, "a", "services: [{name: s, vllm: {model: "+strings.Repeat("m", 1<<16+1)+"}}]"), "spec.services[0].vllm.model: has 65537 bytes; a value can have at most 65536"},
		"a long key":     {fmt.Sprintf(minimal, "a", "services: [{name: s, vllm: {model: m, args: {"+strings.Repeat("k", 257)+": 1}}}]"), "spec.services[0].vllm.args: has a key of 257 bytes, which can have at most 256: \"kkkk"},
		"a long path":    {fmt.Sprintf(minimal, "a", "services: [{name: s, vllm: {model: m, args: {a: "+strings.Repeat("{"+strings.Repeat("k", 200)+": ", 8)+"1"+strings.Repeat("}", 8)+"}}}]"), "its path has "},
		"points":         {fmt.Sprintf(minimal, "a", "services: [{name: s, vllm: {model: m}}], sweep: {matrix: {services.s.vllm.args.a: ["+numbers(200)+"], services.s.vllm.args.b: ["+numbers(100)+"]}}"), "spec.sweep: has 20000 points; it needs 1 to 2000"},
		"combinations":   {fmt.Sprintf(minimal, "a", "services: [{name: s, vllm: {model: m}}], sweep: {matrix: {services.s.vllm.args.a: ["+numbers(201)+"], services.s.vllm.args.b: ["+numbers(100)+"]}}"), "spec.sweep: has more than 20000 combinations, before any are left out"},
		"swept paths":    {fmt.Sprintf(minimal, "a", "services: [{name: s, vllm: {model: m}}], sweep: {matrix: {"+many(101, "services.s.vllm.args.a%d: [1]")+"}}"), "spec.sweep.matrix: has 101 entries; there can be at most 100"},
		"swept services": {fmt.Sprintf(minimal, "a", "services: ["+many(11, "{name: s%d, vllm: {model: m}}")+"], sweep: {matrix: {services.s0.vllm.args.a: ["+numbers(2000)+"]}}"), "spec.sweep: has 2000 combinations of 11 services and benchmarks"},
		"runs":           {fmt.Sprintf(minimal, "a", "services: [{name: s, chroma: {}}], benchmarks: ["+many(101, "{name: b%d, target: s, repeats: 1000, vector: {}}")+"]"), "spec.benchmarks: come to 101000 runs; an experiment can have at most 100000"},
		"words":          {fmt.Sprintf(minimal, "a", "services: [{name: s, process: {command: [x, "+many(4, strings.Repeat("$(DATA)", 5001))+"]}}]"), "command[4]: more than 20000 $(WORD)s come before the end of this"},
		"ports":          {fmt.Sprintf(minimal, "a", "services: [{name: s, process: {command: [x, "+many(3, strings.Repeat("$(PORT:a)", 1000))+"]}}]"), "command[3]: more than 2000 $(PORT:NAME)s come before the end of this"},
		"runs of points": {fmt.Sprintf(minimal, "a", "services: [{name: s, chroma: {}}], sweep: {matrix: {benchmarks.b.vector.seed: ["+numbers(101)+"]}}, benchmarks: [{name: b, target: s, repeats: 1000, vector: {}}]"), "spec.benchmarks: come to 101000 runs"},
		"replicas":       {fmt.Sprintf(minimal, "a", "services: ["+many(11, "{name: s%d, chroma: {}, replicas: 1000}")+"]"), "spec.services: come to 11000 replicas; an experiment can have at most 10000"},
	} {
		_, err := load(t, c.text, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %.2000v", name, c.want, err)
		}
	}
	if _, err := Load(nil, nil, ""); err == nil || !strings.HasPrefix(err.Error(), "the manifest is empty") {
		t.Errorf("no files: got %v", err)
	}
}

func TestValidateExperiment(t *testing.T) {
	m := mustLoad(t, fmt.Sprintf(minimal, "a", "site: hpc, services: [{name: llm, vllm: {model: m}, resources: {partition: gpu, time: 12h}}]"), map[string]Site{"hpc": hpc(t)})
	doc := m.Experiments[0]
	if err := ValidateExperiment(hpc(t), doc); err != nil {
		t.Errorf("what Load accepted: %v", err)
	}
	elsewhere := hpc(t)
	elsewhere.Spec.Partitions = map[string]Partition{"cpu": {}}
	ruled := func(site Site, e Experiment) []Finding {
		return []Finding{{Path: "spec.services[0].resources.time", Message: e.Spec.Services[0].Resources.Time.String() + " is too long for " + site.Metadata.Name, Hint: "time: 1h"}}
	}
	want := `in.yaml:4:83: spec.services[0].resources.partition: the site has no partition "gpu" (did you mean cpu?)
in.yaml:4:94: spec.services[0].resources.time: 12h is too long for hpc (time: 1h)`
	err := ValidateExperiment(elsewhere, doc, ruled)
	if err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
	err = ValidateExperiment(hpc(t), ExperimentDoc{Experiment: Experiment{Metadata: Metadata{Name: "a b"}}, File: "stored"})
	if err == nil || !strings.HasPrefix(err.Error(), "stored: metadata.name: must be") {
		t.Errorf("without positions: got %v", err)
	}
}

func TestHash(t *testing.T) {
	text := func(name, spec string) string {
		return Hash(mustLoad(t, fmt.Sprintf(minimal, name, spec), nil).Experiments[0].Experiment)
	}
	base := text("a", "services: [{name: llm, vllm: {model: m, args: {x: 1, z: 2}}}]")
	if len(base) != 12 {
		t.Errorf("hash %q should have 12 digits", base)
	}
	same := text("a", "site: local, whenDone: Keep, benchmarks: [], services: [{name: llm, nodes: 1, vllm: {model: m, args: {z: 2, x: 1.0}}}]")
	if same != base {
		t.Errorf("with defaults written down the hash changed from %s to %s", base, same)
	}
	for name, got := range map[string]string{
		"name":  text("b", "services: [{name: llm, vllm: {model: m, args: {x: 1, z: 2}}}]"),
		"model": text("a", "services: [{name: llm, vllm: {model: other, args: {x: 1, z: 2}}}]"),
		"args":  text("a", "services: [{name: llm, vllm: {model: m, args: {x: 1, z: 3}}}]"),
	} {
		if got == base {
			t.Errorf("another %s: the hash is the same", name)
		}
	}
}

// TestASiteOfARepositoryIsLeftOut: it neither replaces a known one nor adds one, and its experiments keep their places.
func TestASiteOfARepositoryIsLeftOut(t *testing.T) {
	known := hpc(t)
	theirs := strings.Replace(string(mustRead(t, "testdata/hpc.yaml")), "spec:", "spec:\n  sbatch: [\"--export=ALL\"]", 1)
	text := theirs + "---\n" + fmt.Sprintf(minimal, "a", "site: hpc") + "---\n" + fmt.Sprintf(minimal, "b", "site: nowhere")
	files := []File{{"in.yaml", []byte(text)}}
	m, err := LoadFollowed(files, map[string]Site{"hpc": known}, "")
	line := strings.Count(text[:strings.Index(text, "site: nowhere")], "\n") + 1
	if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("in.yaml:%d:", line)) || !strings.Contains(err.Error(), `site "nowhere" is not known`) {
		t.Errorf("line %d: %v", line, err)
	}
	if len(m.Sites) != 0 || len(m.Experiments) != 2 || len(m.Refused) != 1 || m.Refused[0].Error() != `in.yaml:1:1: the Site "hpc" arrived through git and is not taken (if you want it, apply its file yourself: assay apply -f FILE)` {
		t.Errorf("%+v refused %q", m.Sites, m.Refused)
	}
	if _, err := LoadFollowed([]File{{"in.yaml", []byte(theirs + "---\n" + fmt.Sprintf(minimal, "a", "site: hpc"))}}, nil, ""); err == nil {
		t.Error("its site was taken")
	}
	broken := strings.Replace(theirs, "spec:", "spec:\n  nonsense: [1, 2\n  sheduler: slurm", 1)
	broken = strings.Replace(broken, "[1, 2", "[1, 2]", 1)
	m, err = LoadFollowed([]File{{"site.yaml", []byte(broken)}, {"in.yaml", []byte(fmt.Sprintf(minimal, "a", "site: hpc"))}}, map[string]Site{"hpc": known}, "")
	if err != nil || len(m.Experiments) != 1 || len(m.Refused) != 1 {
		t.Errorf("a site with mistakes keeps the rest away: %v %+v", err, m.Refused)
	}
	if m, err = LoadFollowed([]File{{"site.yaml", []byte(theirs)}}, nil, ""); err != nil || len(m.Refused) != 1 {
		t.Errorf("only a site: %v %+v", err, m.Refused)
	}
}
