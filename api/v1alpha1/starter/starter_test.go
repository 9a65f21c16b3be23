package starter

import (
	"bytes"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// TestEveryManifestIsAccepted: Write holds what it makes against assay's own reading.
func TestEveryManifestIsAccepted(t *testing.T) {
	for _, kind := range Kinds {
		for _, a := range []Answers{
			{},
			{Model: "org/model-1", Name: "mine"},
			{Site: "meluxina", Partition: "gpu", Nodes: 2, Model: "/project/models/llama 3"},
			{Site: "s", Path: "/project/scratch/io"},
		} {
			a.Kind = kind
			text, err := Write(a)
			if err != nil {
				t.Errorf("%+v: %v\n%s", a, err, text)
				continue
			}
			if !bytes.HasPrefix(text, []byte("# yaml-language-server: $schema=assay.schema.json\n")) || bytes.Contains(text, []byte("<no value>")) || bytes.Contains(text, []byte("\n\n\n")) {
				t.Errorf("%s:\n%s", kind, text)
			}
			for i, line := range strings.Split(string(text), "\n") {
				if len([]rune(line)) > 140 && !strings.Contains(line, "sed") || line != strings.TrimRight(line, " ") {
					t.Errorf("%s:%d: %q", kind, i+1, line)
				}
			}
		}
	}
}

// TestNightlyNamesItsNight: what the comment of the manifest has sed do.
func TestNightlyNamesItsNight(t *testing.T) {
	text, err := Write(Answers{Kind: "nightly"})
	if err != nil {
		t.Fatal(err)
	}
	dated := strings.Replace(string(text), "\nmetadata: {name: nightly,", "\nmetadata: {name: nightly-2026-12-01,", 1)
	m, err := v1alpha1.Load([]v1alpha1.File{{Name: "x", Data: []byte(dated)}}, nil, "")
	if err != nil || m.Experiments[0].Metadata.Name != "nightly-2026-12-01" {
		t.Errorf("%v\n%s", err, dated)
	}
}

func TestWriteRefuses(t *testing.T) {
	for want, a := range map[string]Answers{
		`no kind "servin"; kinds are serving, rag, storage, sweep, nightly`: {Kind: "servin"},
		"metadata.name: must be at most 63":                                 {Kind: "serving", Name: "My Name"},
		"a path has to be absolute":                                         {Kind: "serving", Model: "./x"},
		"must be a name of letters":                                         {Kind: "serving", Site: "s", Partition: "g pu"},
	} {
		if text, err := Write(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s\n%s", a, err, want, text)
		}
	}
	// Nothing that is answered becomes another field.
	text, err := Write(Answers{Kind: "serving", Model: "x, simulate: {}}\nevil: \"1\""})
	if err == nil {
		t.Errorf("accepted:\n%s", text)
	}
}

func TestAsk(t *testing.T) {
	for in, want := range map[string]Answers{
		"\n\n\n\n":                       {Kind: "serving", Name: "serving", Site: "local"},
		"nothing\nrag\nmine\norg/m\ns\n": {Kind: "rag", Name: "mine", Model: "org/m", Site: "s"},
		"storage\n\n/project/io\n\n":     {Kind: "storage", Name: "storage", Path: "/project/io", Site: "local"},
	} {
		var out bytes.Buffer
		if got, err := Ask(strings.NewReader(in), &out, Answers{}, []string{"s"}); err != nil || got != want {
			t.Errorf("%q: %+v %v, want %+v\n%s", in, got, err, want, out.String())
		}
	}
	var out bytes.Buffer
	if _, err := Ask(strings.NewReader("rag\n"), &out, Answers{}, nil); err != errNoAnswer {
		t.Errorf("an end of the input: %v", err)
	}
	if got, err := Ask(strings.NewReader("org/m\n"), &out, Answers{Kind: "sweep", Name: "a", Site: "local"}, nil); err != nil || got.Model != "org/m" {
		t.Errorf("what is given is asked again: %+v %v", got, err)
	}
}
