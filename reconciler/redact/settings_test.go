package redact

import (
	"slices"
	"strings"
	"testing"
)

func TestSecretNames(t *testing.T) {
	for _, name := range []string{"HF_TOKEN", "--api-key", "VLLM_API_KEY", "DB_PASSWORD", "aws_secret_access_key", "--hf-token"} {
		if !secretName(name) {
			t.Errorf("%s is not taken for a secret", name)
		}
	}
	for _, name := range []string{"MAX_TOKENS", "TOKENIZERS_PARALLELISM", "HF_TOKEN_PATH", "--sort-key", "KEYBOARD", ""} {
		if secretName(name) {
			t.Errorf("%s is taken for a secret", name)
		}
	}
}

func TestSettingsAreHidden(t *testing.T) {
	got, found, err := Settings([]byte(`{"argv":["vllm","--api-key","abcdefgh","--hf-token=ijklmnop","--api-key","$(RELAY:x)","--seed","1"],"token":"VLLM_API_KEY","env":{"A_TOKEN":"qrstuvwx","P":"1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"--hf-token=[REDACTED]"`, `"$(RELAY:x)"`, `"token": "VLLM_API_KEY"`, `"P": "1"`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%s is missing:\n%s", want, got)
		}
	}
	if len(found) != 3 || !slices.Contains(found, Setting{"hf-token", "ijklmnop"}) {
		t.Errorf("secrets found: %q", found)
	}
}

// TestSettingsOfADamagedDocument: what cannot be read is an error, so that its caller leaves it out.
func TestSettingsOfADamagedDocument(t *testing.T) {
	if _, _, err := Settings([]byte(`{"env":{"A_TOKEN":"qrst`)); err == nil {
		t.Error("a document that was cut short is taken")
	}
	if got, found, err := Settings([]byte(" \n")); len(got)+len(found) > 0 || err != nil {
		t.Errorf("empty: %q, %q, %v", got, found, err)
	}
}
