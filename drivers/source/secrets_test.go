package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

func withSecrets(refs map[string]v1alpha1.Secret) v1alpha1.ExperimentDoc {
	doc := v1alpha1.ExperimentDoc{File: "m.yaml", Line: 3}
	doc.Experiment.Metadata.Name = "e"
	doc.Experiment.Spec.Services = []v1alpha1.Service{{Name: "llm", Secrets: refs}}
	return doc
}

// TestSecrets reads values, hands them over, and keeps only their digests.
func TestSecrets(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("TOKEN", " from-env \n")
	if err := os.WriteFile(filepath.Join(os.Getenv("HOME"), "token"), []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := withSecrets(map[string]v1alpha1.Secret{"A": {Env: "TOKEN"}, "B": {File: "~/token"}})
	var kept []string
	out, err := Secrets(in, func(v string) (string, error) { kept = append(kept, v); return "digest of " + v, nil })
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(kept, ",") != "from-env,from-file" {
		t.Errorf("kept %q", kept)
	}
	if got := out.Spec.Services[0].Secrets["B"].Digest; got != "digest of from-file" {
		t.Errorf("digest %q", got)
	}
	if got := in.Spec.Services[0].Secrets["A"].Digest; got != "" {
		t.Errorf("the manifest that was handed in changed: %q", got)
	}
}

// TestPlaceholderSecrets reads nothing and changes nothing of what it was given.
func TestPlaceholderSecrets(t *testing.T) {
	in := withSecrets(map[string]v1alpha1.Secret{"A": {Env: "ASSAY_NO_SUCH_VARIABLE"}})
	if got := PlaceholderSecrets(in).Spec.Services[0].Secrets["A"].Digest; got != "DIGEST" {
		t.Errorf("digest %q", got)
	}
	if got := in.Spec.Services[0].Secrets["A"].Digest; got != "" {
		t.Errorf("the manifest that was handed in changed: %q", got)
	}
}

// TestSecretsRefuses reports every secret that cannot be read, each with its place.
func TestSecretsRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) v1alpha1.Secret {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return v1alpha1.Secret{File: path}
	}
	_, err := Secrets(withSecrets(map[string]v1alpha1.Secret{
		"ABSENT": {Env: "ASSAY_NO_SUCH_VARIABLE"}, "MISSING": {File: filepath.Join(dir, "none")}, "OPEN": file("open", "x", 0o644),
		"LINES": file("lines", "a\nb\n", 0o600), "EMPTY": file("empty", "\n", 0o600), "FOLDER": {File: dir},
	}), func(string) (string, error) { t.Error("a value was kept"); return "", nil })
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"m.yaml:3: experiment e, service llm: secret ABSENT: the variable ASSAY_NO_SUCH_VARIABLE is not set here; type: export",
		"secret MISSING: ", "secret OPEN: other users can read", "secret LINES: ", "must hold one line", "secret EMPTY: ", "secret FOLDER: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q", err, want)
		}
	}
}
