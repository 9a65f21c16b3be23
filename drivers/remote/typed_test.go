package remote

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
)

const typedManifest = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: far}
spec:
  services:
    - name: llm
      vllm: {model: m}
      secrets: {HF_TOKEN: {env: LAPTOP_TOKEN}}
  benchmarks:
    - name: texts
      target: llm
      serving: {dataset: custom, file: texts.jsonl, prompts: 1}
`

// TestWhatAVerbUses: a verb takes along what it uses and no more, and may write what was typed alone.
func TestWhatAVerbUses(t *testing.T) {
	dir := t.TempDir()
	results := filepath.Join(dir, "r.json")
	for _, name := range []string{results, filepath.Join(dir, "texts.jsonl")} {
		if err := os.WriteFile(name, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for typed, want := range map[string]string{
		"apply":                           "secret file",
		"watch":                           "secret file",
		"diff":                            "secret file",
		"plan":                            "secret file",
		"plan dry-run=true":               "file",
		"pull":                            "secret",
		"doctor":                          "",
		"compare far file:" + results:     "attached",
		"gate file:" + results:            "",
		"tunnel far":                      "ports",
		"report far out=a.html":           "saves=a.html",
		"report far out=-":                "",
		"report far":                      "saves=far-report.html",
		"logs far save=a.tar.gz":          "saves=a.tar.gz",
		"logs far":                        "",
		"get services output=json":        "",
		"site_import output=s.yaml":       "keeps=s.yaml",
		"site_import output=s force=true": "saves=s",
		"site_show output=json":           "",
	} {
		t.Run(typed, func(t *testing.T) {
			words := strings.Fields(typed)
			v := Typed{Context: Context{Name: "hpc", State: "st"}, Verb: strings.ReplaceAll(words[0], "_", " "), Args: words, Terminal: Terminal{Out: 80},
				Secret: func(s v1alpha1.Secret) (string, error) { return "value of " + s.Env, nil }}
			flags := map[string]string{}
			for _, w := range words[1:] {
				if name, value, ok := strings.Cut(w, "="); ok {
					flags[name] = value
				} else {
					v.Pos = append(v.Pos, w)
				}
			}
			v.Flag = func(name string) string { return flags[name] }
			m := v.Manifest([]v1alpha1.File{{Name: "e.yaml", Data: []byte(typedManifest)}}, map[string]string{"e.yaml": dir}, drivers.Origin{})
			l, err := v.Laptop(&m)
			if err != nil || m.Err() != nil {
				t.Fatal(err, m.Err())
			}
			var got []string
			if slices.Equal(m.Secrets, []Secret{{Env: "LAPTOP_TOKEN", Value: "value of LAPTOP_TOKEN"}}) && slices.Equal(l.Hides(), []string{"LAPTOP_TOKEN"}) {
				got = append(got, "secret")
			}
			if len(m.Attached) == 1 && m.Attached[0].Path == filepath.Join(dir, "texts.jsonl") {
				got = append(got, "file")
			}
			if len(l.Request.Attached) == 1 && l.Request.Attached[0].Path == results {
				got = append(got, "attached")
			}
			if l.Ports {
				got = append(got, "ports")
			}
			for _, name := range l.Saves {
				got = append(got, map[bool]string{true: "saves=", false: "keeps="}[l.Replaces]+name)
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("it uses %q, want %q", s, want)
			}
			if s := fmt.Sprint(l.Request.Args); !strings.HasPrefix(s, "[--state st "+words[0]) {
				t.Errorf("arguments %s", s)
			}
		})
	}
}

// TestFilesThatAreNotThere are named at their place in the manifest.
func TestFilesThatAreNotThere(t *testing.T) {
	v := Typed{Verb: "apply", Flag: func(string) string { return "" }, Secret: func(v1alpha1.Secret) (string, error) { return "", os.ErrNotExist }}
	m := v.Manifest([]v1alpha1.File{{Name: "e.yaml", Data: []byte(typedManifest)}}, map[string]string{"e.yaml": t.TempDir()}, drivers.Origin{})
	if m.Err() == nil || !strings.HasPrefix(m.Problem, "e.yaml:1: experiment far names the file texts.jsonl: ") || m.Secrets[0].Problem == "" {
		t.Errorf("%v %+v", m.Err(), m.Secrets)
	}
}
