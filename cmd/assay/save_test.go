package main

import (
	"archive/tar"
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheMiddleOfALargeLogIsLeftOut cuts a log that is full of a secret at every place: no half of one is left.
func TestTheMiddleOfALargeLogIsLeftOut(t *testing.T) {
	const secret = "hf_0123456789abcdef"
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(5, 6))
	for round := range 200 {
		var log strings.Builder
		for log.Len() < 4000 {
			log.WriteString(strings.Repeat(".", rnd.IntN(30)) + secret)
		}
		if err := os.WriteFile(filepath.Join(dir, "log"), []byte(log.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		scratch, err := os.Create(filepath.Join(dir, "scratch"))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		ar := &archive{tar: tar.NewWriter(&b), secrets: []string{secret}, scratch: scratch, limit: int64(1000 + round)}
		if err := ar.add(dir, "log", nil); err != nil {
			t.Fatal(err)
		}
		if err := ar.tar.Close(); err != nil {
			t.Fatal(err)
		}
		scratch.Close()
		r := tar.NewReader(&b)
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(strings.ReplaceAll(before(string(got)), "[REDACTED]", ""), "hf_0123456789bc") {
			t.Fatalf("limit %d: a part of the secret is left:\n%s", ar.limit, got)
		}
		if !strings.Contains(string(got), "bytes out here") || len(ar.cut) != 1 || len(got) > 1500 {
			t.Fatalf("limit %d: not cut: %d bytes", ar.limit, len(got))
		}
	}
}

// before leaves the line about the cut out.
func before(s string) string {
	head, rest, _ := strings.Cut(s, "\n[... assay")
	_, tail, _ := strings.Cut(rest, "...]\n")
	return head + tail
}

func TestSecretNames(t *testing.T) {
	for _, name := range []string{"HF_TOKEN", "--api-key", "VLLM_API_KEY", "DB_PASSWORD", "aws_secret_access_key", "--hf-token"} {
		if !secretName(name) {
			t.Errorf("%s is taken for no secret", name)
		}
	}
	for _, name := range []string{"MAX_TOKENS", "TOKENIZERS_PARALLELISM", "HF_TOKEN_PATH", "--sort-key", "KEYBOARD", ""} {
		if secretName(name) {
			t.Errorf("%s is taken for a secret", name)
		}
	}
}

func TestCommandLinesAreScrubbed(t *testing.T) {
	s := &saver{a: &app{err: io.Discard}}
	got, err := s.scrub([]byte(`{"argv":["vllm","--api-key","abcdefgh","--hf-token=ijklmnop","--api-key","$(RELAY:x)","--seed","1"],"token":"VLLM_API_KEY","env":{"A_TOKEN":"qrstuvwx","P":"1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"--hf-token=[REDACTED]"`, `"$(RELAY:x)"`, `"token": "VLLM_API_KEY"`, `"P": "1"`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%s is missing:\n%s", want, got)
		}
	}
	if len(s.secrets) != 3 {
		t.Errorf("secrets found: %q", s.secrets)
	}
}
