package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// standInSSH forwards nothing: it answers on the first local port itself, until it is ended.
const standInSSH = `#!/bin/sh
# A stand-in for ssh, made by this test.
for last; do :; done
port=${last#127.0.0.1:}
exec "$ASSAY_UNDER_TEST" serve-files --listen "127.0.0.1:${port%%:*}"
`

// TestTunnelOpen runs until Ctrl-C: the URL is shown once it answers, and nothing is left behind.
func TestTunnelOpen(t *testing.T) {
	beside(t, 15*time.Second)
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte(standInSSH), 0o700); err != nil {
		t.Fatal(err)
	}
	w := newTestWorld(t, "PATH="+bin+":"+os.Getenv("PATH"), "ASSAY_UNDER_TEST="+binary)
	w.must("apply", "--timeout", "1m", "-f", w.write("far.yaml", `
apiVersion: assay/v1alpha1
kind: Site
metadata: {name: far}
spec: {scheduler: local, login: {host: login.example.org}}
---
apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: far}
spec:
  site: far
  services:
    - {name: web, process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}}
`))
	c := w.command(t.Context(), "tunnel", "--open")
	var out bytes.Buffer
	c.Stdout = &out
	talk, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		b, said := make([]byte, 1), ""
		for {
			if _, err := io.ReadFull(talk, b); err != nil {
				return
			}
			if said += string(b); b[0] == '\n' {
				lines <- said
				said = ""
			}
		}
	}()
	address := ""
	limit := time.After(time.Minute)
	for address == "" {
		select {
		case l, ok := <-lines:
			if !ok {
				t.Fatalf("ended before the tunnel was open:\n%s", out.String())
			}
			if _, after, found := strings.Cut(l, "open "); found {
				address = strings.TrimSpace(after)
			}
		case <-limit:
			t.Fatal("the tunnel did not open")
		}
	}
	resp, err := http.Get(address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for range lines { // until it has ended
	}
	if err := c.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	if _, err := http.Get(address + "/healthz"); err == nil {
		t.Error("ssh outlived the tunnel")
	}
	w.must("delete", "experiment", "far", "--yes")
}
