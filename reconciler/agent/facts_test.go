package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/drivers"
)

// TestWeightsByTheirCommit: the commit that the cache of Hugging Face has for the revision that is served; of anything else
// why it is not known.
func TestWeightsByTheirCommit(t *testing.T) {
	home, commit := t.TempDir(), strings.Repeat("a1", 20)
	model := filepath.Join(home, "hub", "models--org--tiny")
	for path, text := range map[string]string{"refs/main": commit, "refs/v2": strings.Repeat("b2", 20) + "\n", "refs/odd": "no commit", "snapshots/" + commit + "/config.json": "{}"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(model, path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(model, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		weights     *drivers.Weights
		commit, why string
	}{
		"main":          {&drivers.Weights{Model: "org/tiny"}, commit, ""},
		"a revision":    {&drivers.Weights{Model: "org/tiny", Revision: "v2"}, strings.Repeat("b2", 20), ""},
		"a commit":      {&drivers.Weights{Model: "org/tiny", Revision: commit}, commit, ""},
		"no commit":     {&drivers.Weights{Model: "org/tiny", Revision: "odd"}, "", "holds no commit"},
		"another model": {&drivers.Weights{Model: "org/other"}, "", "does not tell it"},
		"a folder":      {&drivers.Weights{Model: "/models/x"}, "", "has no revision"},
		"no weights":    {nil, "", "no weights"},
	} {
		for _, variable := range []string{"HF_HOME", "APPTAINERENV_HF_HOME"} {
			p := &process{a: &agent{}, want: drivers.Process{Weights: test.weights, Env: map[string]string{variable: home}}}
			got, why := p.weights()
			if got != test.commit || (why == "") != (test.why == "") || !strings.Contains(why, test.why) {
				t.Errorf("%s by %s: %q, %q", name, variable, got, why)
			}
		}
	}
}

// TestArgumentsAreToldWithoutSecrets: what looks like one, by its name or by its form, is not in the state.
func TestArgumentsAreToldWithoutSecrets(t *testing.T) {
	p := &process{a: &agent{}, want: drivers.Process{Env: map[string]string{"MAX": "1", "MY_PASSWORD": "hunter22"}}}
	argv, env := p.shown([]string{"vllm", "serve", "m", "--api-key", "plain-secret", "--seed", "7", "--hf-token=hf_abcdefghijklmnopqrstuvwxyz0123456789"})
	all := strings.Join(argv, " ") + env["MY_PASSWORD"]
	if !slices.Equal(argv[:3], []string{"vllm", "serve", "m"}) || !slices.Equal(argv[5:7], []string{"--seed", "7"}) || env["MAX"] != "1" {
		t.Errorf("%q %v", argv, env)
	}
	for _, secret := range []string{"plain-secret", "hf_abc", "hunter22"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q shows %s", all, secret)
		}
	}
}

// TestImagesByTheirContent: the digest is that of the file as it is now.
func TestImagesByTheirContent(t *testing.T) {
	a, file := &agent{}, filepath.Join(t.TempDir(), "x.sif")
	for _, text := range []string{"one", "other"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(text))
		for range 2 {
			if got, why := a.digest(file); got != "sha256:"+hex.EncodeToString(sum[:]) || why != "" {
				t.Errorf("%s, %s", got, why)
			}
		}
	}
	if got, why := a.digest(""); got != "" || why == "" {
		t.Errorf("without a container: %q, %q", got, why)
	}
}
