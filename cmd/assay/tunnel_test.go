package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
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

func TestLocalPortsAreDistinctAndFree(t *testing.T) {
	taken, err := listenFrom(20000)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := strings.Cut(taken.Addr().String(), ":")
	var ts []tunnel
	for _, node := range []string{"n1", "n2", "n3"} {
		u, err := url.Parse("http://" + node + ":" + port)
		if err != nil {
			t.Fatal(err)
		}
		ts = append(ts, tunnel{target: u})
	}
	low, _ := url.Parse("http://n1:80")
	got, err := localPorts(append(ts, tunnel{target: low}))
	if err != nil {
		t.Fatal(err)
	}
	used := map[int]bool{taken.Addr().(*net.TCPAddr).Port: true}
	for _, p := range got {
		if used[p] || p < 1024 {
			t.Errorf("ports %v beside %s: one is used twice, or is root's", got, port)
		}
		used[p] = true
	}
}

// TestComponentsHaveEndpointsOfTheirOwn lists each server of a service that has several, and where a password was made.
func TestComponentsHaveEndpointsOfTheirOwn(t *testing.T) {
	w := newLogWorld(t)
	mon := w.job("mon", "1")
	if _, err := w.lease.WriteDesired(mon.Seat, mon.Nonce, drivers.AgentDesired{Processes: []drivers.Process{
		{Name: "mon.grafana", Data: "/data/grafana", Generate: []string{"admin-password"}}, {Name: "mon.prometheus", Data: "/data/prometheus"},
	}}); err != nil {
		t.Fatal(err)
	}
	known := world{st: w.st, statuses: []v1alpha1.ExperimentStatus{{Name: "e", Services: []v1alpha1.ServiceStatus{
		{Name: "mon", Seats: []v1alpha1.SeatStatus{{
			Seat: mon.Seat.String(), Nonce: mon.Nonce, JobState: "Running", Endpoint: "http://n1:9090",
			Endpoints: map[string]string{"mon.grafana": "http://n1:3000", "prometheus": "http://n1:9090", "otel-collector": ""},
		}}},
		{Name: "queued", Seats: []v1alpha1.SeatStatus{{Seat: "e/queued/0/0", JobState: "Pending", Endpoint: "http://n1:1"}}},
	}}}}
	ts, err := known.endpoints("", "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range ts {
		got = append(got, strings.TrimSpace(x.Service+" "+x.Endpoint+" "+x.Password))
	}
	if want := "mon.grafana http://n1:3000 /data/grafana/admin-password, mon.prometheus http://n1:9090"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
}

func TestCommandLineIsOneWordEach(t *testing.T) {
	if got := commandLine([]string{"ssh", "-L", "127.0.0.1:1:[fd00::1]:2", "it's"}); got != `ssh -L '127.0.0.1:1:[fd00::1]:2' 'it'\''s'` {
		t.Error(got)
	}
}
