package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAServerThatQuotesItsKey: its 401 repeats the key in several encodings, with a terminal's sequences. The key is found in
// no file but its own and in nothing that is printed, and no sequence is printed.
func TestAServerThatQuotesItsKey(t *testing.T) {
	beside(t, 15*time.Second)
	const key = "canary/Key+0123456789"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/health":
		case "/v1/models":
			fmt.Fprint(w, `{"data":[{"id":"m"},{"id":"`+key+`"}]}`)
		case "/version":
			_ = json.NewEncoder(w).Encode(map[string]string{"version": "0.12 " + key})
		default:
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, "\x1b]0;owned\a\u202e%s, %s, %x, Basic %s\n", r.Header.Get("Authorization"), key, key, base64.StdEncoding.EncodeToString([]byte("me:"+key)))
		}
	}))
	t.Cleanup(srv.Close)
	w := newTestWorld(t, "CANARY="+key)
	w.write("e.yaml", `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: e}
spec:
  site: local
  services:
    - {name: llm, external: {url: "`+srv.URL+`", type: vllm, model: m}, secrets: {VLLM_API_KEY: {env: CANARY}}}
  benchmarks:
    - {name: q, target: llm, serving: {dataset: random, prompts: 20, outputTokens: 8, concurrency: 2, warmups: 1}}
`)
	out, errs, code := w.run("apply", "-f", filepath.Join(w.dir, "e.yaml"), "--timeout", "2m")
	if code == 0 {
		t.Errorf("the run succeeded: %s%s", out, errs)
	}
	said := map[string]string{"apply": out + errs}
	run := w.status("e")
	if len(run.Runs) == 0 {
		t.Fatalf("no run: %s%s", out, errs)
	}
	id := run.Runs[0].ID
	for _, line := range []string{"get runs -o wide", "get runs -o json", "get services -o yaml", "describe run " + id, "describe service llm", "describe experiment e", "events",
		"logs " + id, "logs --save " + filepath.Join(w.dir, "all.tar.gz"), "history e", "report e -f markdown", "report e -f html", "plan -f " + filepath.Join(w.dir, "e.yaml")} {
		out, errs, _ := w.run(strings.Fields(line)...)
		said[line] = out + errs
	}
	if !strings.Contains(said["describe run "+id], "401") {
		t.Errorf("the status is not said:\n%s", said["describe run "+id])
	}
	for line, text := range said {
		if strings.Contains(text, "canary") || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte("me:" + key))[8:24]) || strings.Contains(text, fmt.Sprintf("%x", key)) {
			t.Errorf("%s prints the key:\n%s", line, text)
		}
		if strings.ContainsAny(text, "\x1b\a\u202e") {
			t.Errorf("%s prints a terminal's sequence:\n%q", line, text)
		}
	}
	marks := 0
	err := filepath.WalkDir(w.state, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || filepath.Base(filepath.Dir(path)) == "secrets" || e.Name() == "assay" {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), "canary") {
			t.Errorf("%s holds the key", path)
		}
		marks += strings.Count(string(b), "[REDACTED]")
		return err
	})
	if err != nil || marks == 0 {
		t.Errorf("%d marks, %v", marks, err)
	}
}
