package resident

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// TestHealth: anybody learns whether it works; only the token's owner gets metrics, and no other name than loopback's is answered.
func TestHealth(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "metrics.prom")
	if err := os.WriteFile(file, []byte("assay_passes_total 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &Health{Metrics: file, Token: func() string { return "secret" }}
	url, stop, err := h.Serve("127.0.0.1:0", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	get := func(path, token, host string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		r.Host = host
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, strings.TrimSpace(string(b))
	}
	want := func(what, path, token string, code int, holds string) {
		t.Helper()
		if c, text := get(path, token, ""); c != code || !strings.Contains(text, holds) {
			t.Errorf("%s: %s: %d %q", what, path, c, text)
		}
	}
	want("it stands by", "/healthz", "", 200, "ok")
	want("it stands by", "/readyz", "", 503, "standing by")
	h.Holds(true)
	want("it has the lease", "/readyz", "", 503, "no pass yet")
	h.Passed(nil)
	want("it made a pass", "/readyz", "", 200, "ok")
	h.Passed(errors.New("writing /home/me/secret-place: no space"))
	want("the last pass failed", "/readyz", "", 200, "ok")
	h.mu.Lock()
	h.good = h.good.Add(-time.Minute)
	h.mu.Unlock()
	want("passes fail", "/readyz", "", 503, "no good pass for 1m0s")
	if _, text := get("/readyz", "", ""); strings.Contains(text, "secret-place") {
		t.Errorf("a stranger reads %q", text)
	}
	h.mu.Lock()
	h.last, h.since = h.last.Add(-time.Hour), h.since.Add(-time.Hour)
	h.mu.Unlock()
	want("it hangs", "/healthz", "", 503, "no pass for")
	want("a stranger", "/metrics", "", 401, "")
	want("a stranger", "/metrics", "wrong", 401, "")
	want("its user", "/metrics", "secret", 200, "assay_passes_total 1")
	for _, path := range []string{"/", "//v1/models", "/debug/pprof/", "/v1/../metrics"} {
		want("a stranger", path, "", 404, "")
	}
	if code, _ := get("/metrics", "secret", "evil.example"); code != http.StatusMisdirectedRequest {
		t.Errorf("another name: %d", code)
	}
}

// TestUnits: what is printed means the arguments that were given, whatever is in them.
func TestUnits(t *testing.T) {
	site := v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: "s"}, Spec: v1alpha1.SiteSpec{Account: "p1"}}
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	script := filepath.Join(dir, "a ssay")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nprintf '%s|' \"$@\" > \"$OUT\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	odd := `/st ate/$HOME/100%/it's "x"\`
	cron := Scrontab(site, Place{Partition: "cpu", Time: v1alpha1.Duration(90 * time.Second)}, []string{script, "--state", odd, "controller"})
	for _, line := range []string{"#SCRON --account=p1", "#SCRON --partition=cpu", "#SCRON --time=2", "#SCRON --job-name=assay-controller"} {
		if !strings.Contains(cron, line+"\n") {
			t.Errorf("no %s in:\n%s", line, cron)
		}
	}
	lines := strings.Split(strings.TrimSpace(cron), "\n")
	command := strings.TrimPrefix(lines[len(lines)-1], "*/10 * * * * ")
	sh := exec.CommandContext(t.Context(), "sh", "-c", command)
	sh.Env = append(os.Environ(), "OUT="+out)
	if b, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v %s", command, err, b)
	}
	if b, _ := os.ReadFile(out); string(b) != "--state|"+odd+"|controller|" {
		t.Errorf("the shell passes %q", b)
	}
	unit := Systemd(site, []string{script, "--state", odd, "controller"})
	if want := `ExecStart="` + script + `" "--state" "/st ate/$$HOME/100%%/it's \"x\"\\" "controller"` + "\n"; !strings.Contains(unit, want) {
		t.Errorf("no %s in:\n%s", want, unit)
	}
	if _, err := exec.LookPath("systemd-analyze"); err == nil {
		path := filepath.Join(dir, "assay.service")
		if err := os.WriteFile(path, []byte(unit), 0o600); err != nil {
			t.Fatal(err)
		}
		if b, err := exec.CommandContext(t.Context(), "systemd-analyze", "--user", "verify", path).CombinedOutput(); err != nil {
			t.Logf("systemd-analyze: %v %s", err, b)
		}
	}
}

// TestManifest: it is one that assay accepts, and its controller stands by in its job.
func TestManifest(t *testing.T) {
	site := v1alpha1.Site{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindSite, Metadata: v1alpha1.Metadata{Name: "s"}, Spec: v1alpha1.SiteSpec{Scheduler: v1alpha1.Slurm}}
	text, err := Manifest(site, "/state", "/config", Place{Partition: "cpu", Time: v1alpha1.Duration(2 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	m, err := v1alpha1.Load([]v1alpha1.File{{Name: "x", Data: []byte(text)}}, map[string]v1alpha1.Site{"s": site}, "")
	if err != nil {
		t.Fatal(err)
	}
	s := m.Experiments[0].Spec.Services[0]
	if got := strings.Join(s.Process.Command, " "); got != "$(ASSAY) --state /state --site s controller --standby --health $(HOST):$(PORT)" {
		t.Errorf("its command: %s", got)
	}
	if s.Renew.Policy != v1alpha1.Overlap || s.Resources.Partition != "cpu" || s.Env["XDG_CONFIG_HOME"] != "/config" {
		t.Errorf("%+v", s)
	}
}

// TestStop: only a controller that runs here is ended.
func TestStop(t *testing.T) {
	st, err := store.Open(t.TempDir(), store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Stop(t.Context(), st); !errors.Is(err, ErrNone) {
		t.Errorf("without one: %v", err)
	}
	lease, err := st.Acquire(t.Context(), "apply", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Stop(t.Context(), st); err == nil || !strings.Contains(err.Error(), "is no controller") {
		t.Errorf("of another verb: %v", err)
	}
	if err := lease.Release(); err != nil {
		t.Fatal(err)
	}
}
