package fields

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write examples/assay.schema.json")

const (
	examples  = "../../../examples/"
	committed = examples + "assay.schema.json"
	modeline  = "# yaml-language-server: $schema=assay.schema.json\n"
)

// compiler returns what compiles a part of the schema.
func compiler(t *testing.T) func(at string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("assay.json", doc); err != nil {
		t.Fatal(err)
	}
	return func(at string) *jsonschema.Schema {
		s, err := c.Compile("assay.json#" + at)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// plainJSON is a value of YAML as JSON has it: a date is text.
func plainJSON(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSchemaIsCommitted: the editors of who reads the examples find it beside them.
func TestSchemaIsCommitted(t *testing.T) {
	if *update {
		if err := os.WriteFile(committed, Schema(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(committed); err != nil || !bytes.Equal(text, Schema()) {
		t.Errorf("examples/assay.schema.json is not what assay schema prints (%v); type: go test ./api/v1alpha1/fields -update", err)
	}
}

// TestExamplesMatchTheSchema reads every example, which names the schema for editors, and the manifest with everything in it.
func TestExamplesMatchTheSchema(t *testing.T) {
	files, err := filepath.Glob(examples + "*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatal(len(files), err)
	}
	s := compiler(t)("")
	for _, name := range append(files, "../testdata/good/all.yaml", "../testdata/good/all.golden", "../testdata/hpc.yaml") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, examples) && !bytes.HasPrefix(text, []byte(modeline)) {
			t.Errorf("%s does not begin with %s", name, modeline)
		}
		for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
			var doc any
			if err := d.Decode(&doc); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(name, err)
			}
			if doc == nil {
				continue
			}
			if err := s.Validate(plainJSON(t, doc)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestSchemaRefuses what an editor should underline.
func TestSchemaRefuses(t *testing.T) {
	s := compiler(t)("")
	for text, want := range map[string]string{
		"spec: {services: [{name: llm, vllm: {model: m}}]}":          "",
		"spec: {services: [{name: llm, vllm: {modle: m}}]}":          "modle",
		"spec: {services: [{name: llm, nodes: two}]}":                "nodes",
		"spec: {services: [{name: llm, resources: {time: 5min}}]}":   "time",
		"spec: {services: [{name: llm, replicas: {mni: 1}}]}":        "replicas",
		"spec: {benchmarks: [{name: b, serving: {dataset: jsn}}]}":   "dataset",
		"spec: {benchmarks: [{name: b, gates: [{maxDrop: 5}]}]}":     "maxDrop",
		"spec: {services: [{name: f, gateway: {targets: []}}]}":      "targets",
		"spec: {services: [{name: m, monitors: {components: [x]}}]}": "components",
	} {
		var doc any
		if err := yaml.Unmarshal([]byte("{apiVersion: assay/v1alpha1, kind: Experiment, metadata: {name: x}, "+text+"}"), &doc); err != nil {
			t.Fatal(text, err)
		}
		err := s.Validate(plainJSON(t, doc))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestExamplesOfFields: each can be written.
func TestExamplesOfFields(t *testing.T) {
	part := compiler(t)
	for _, p := range All() {
		v, ok := value(p.Field.Example)
		if !ok {
			t.Errorf("the example of %s is not YAML: %s", p.Path, p.Field.Example)
			continue
		}
		if err := part("/definitions/" + p.Field.Of.Name() + "/properties/" + p.Field.Name).Validate(plainJSON(t, v)); err != nil {
			t.Errorf("the example of %s, %s: %v", p.Path, p.Field.Example, err)
		}
	}
}
