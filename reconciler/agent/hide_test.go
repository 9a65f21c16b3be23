package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers"
)

// TestWhatAServerSaysIsClean: a server that quotes its key, and sends a terminal's sequences, gets neither into state.json.
func TestWhatAServerSaysIsClean(t *testing.T) {
	const canary = "canary-key-0123456789"
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(canary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, _ := os.Executable()
	j := startJob(t, drivers.AgentDesired{Processes: []drivers.Process{{Name: "s", Fingerprint: "1", Argv: []string{self, "act", "quoting", "$(PORT)"},
		Secrets: map[string]string{"HF_TOKEN": secret}, Probes: []drivers.Probe{{Path: "/v1/models", Model: "m1"}}}}})
	s := j.until("its models are the reason", func(s drivers.AgentState) bool { return strings.Contains(one(s, "s").Message, "lists the models") })
	if p := one(s, "s"); strings.Contains(p.Message, "canary") || !strings.Contains(p.Message, "[REDACTED]") || len(p.Models) != 1 || p.Models[0] != "other" {
		t.Errorf("it reports %+v", p)
	}
	j.end()
	err := filepath.WalkDir(j.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if text := fileText(t, path); strings.Contains(text, "canary") || strings.Contains(text, "\x1b") {
				t.Errorf("%s holds what the server said:\n%s", path, text)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestModelsAreNames: what a server lists is reported as far as it can be names, and not without end.
func TestModelsAreNames(t *testing.T) {
	a := newAgent(t.TempDir(), Options{})
	a.secrets.Learn("canary-key-0123456789")
	names := []string{"a/b", "x canary-key-0123456789", "t\x1b[2J", "\u202e", strings.Repeat("x", 1000)}
	for range 100 {
		names = append(names, "n")
	}
	if got := a.models(names); len(got) != mostModels || got[0] != "a/b" || got[1] != "n" {
		t.Errorf("%d: %q", len(got), got[:3])
	}
}
