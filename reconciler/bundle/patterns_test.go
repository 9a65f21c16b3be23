package bundle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers"
)

// TestWhatLooksLikeASecretIsNotArchived: what assay never knew is hidden by what it looks like, in logs and in records.
func TestWhatLooksLikeASecretIsNotArchived(t *testing.T) {
	st, job, _ := secretive(t)
	lines := map[string]string{
		"PGPASSWORD=pgcanary1 psql": "pgcanary1", "OPENAI_KEY=oacanary12": "oacanary12", "DATABASE_URL=postgres://u:dbcanary1@h/d": "dbcanary1",
		"> Authorization: hdrcanary1": "hdrcanary1", "mysql -p optcanary1 -h x": "optcanary1", "tool --password=eqcanary1": "eqcanary1",
		"tool --api-key spcanary1 run": "spcanary1", "AKIAABCDEFGHIJKLMNOP": "AKIAABCD", "hf_abcdefghijklmnopqrstuvwxyz": "hf_abcdef",
		"eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.c2lnbmF0dXJl":                        "eyJjYW5hcnki",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIcanary\n-----END RSA PRIVATE KEY-----": "MIIcanary",
	}
	var log strings.Builder
	for line := range lines {
		log.WriteString("2026-01-01 INFO before\n" + line + "\n2026-01-01 INFO after\n")
	}
	if err := os.WriteFile(filepath.Join(job, drivers.LogDir, "web.2.log"), []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := Collect(st, "e")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "e.tar.gz")
	if _, err := b.Save(t.Context(), path, nil); err != nil {
		t.Fatal(err)
	}
	for name, text := range archived(t, path) {
		for line, secret := range lines {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %s of %q", name, secret, line)
			}
		}
		if strings.HasSuffix(name, "web.2.log") && (strings.Count(text, "before") != len(lines) || strings.Count(text, "after") != len(lines) || strings.Count(text, "[REDACTED]") < len(lines)) {
			t.Errorf("the rest of the log is not there:\n%s", text)
		}
	}
}
