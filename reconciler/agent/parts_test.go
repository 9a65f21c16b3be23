package agent

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"assay/drivers"
)

func one(s drivers.AgentState, name string) drivers.ProcessState {
	for _, p := range s.Processes {
		if p.Name == name {
			return p
		}
	}
	return drivers.ProcessState{}
}

// TestFilesPortsAndReload: files are written with their words expanded, ports have names, another process' port can be
// named, and a change of a file is reloaded, while a change of the targets is not.
func TestFilesPortsAndReload(t *testing.T) {
	mon := func(content, targets string) drivers.AgentDesired {
		self, _ := os.Executable()
		return drivers.AgentDesired{Processes: []drivers.Process{
			{Name: "mon.a", Fingerprint: "1", Argv: []string{self, "act", "reloadable"}, Probes: []drivers.Probe{{Path: "/health"}}, Reload: "/-/reload", Targets: "targets/t.json",
				Files:    []drivers.File{{Path: "c.yml", Content: content + " $(PORT:grpc) $(PORT@mon.b) $(HOST) $(UNKNOWN)"}, {Path: "targets/t.json", Content: targets}},
				Generate: []string{"password"}, Data: filepath.Join(t.TempDir(), "data"), Owner: "us exp/mon", Dashboards: "boards", Env: map[string]string{"DIR": "$(CONF)"}},
			{Name: "mon.b", Fingerprint: "1", Argv: []string{self, "act", "serve"}, Probes: []drivers.Probe{{Path: "/health"}}},
		}}
	}
	first := mon("one", "[]")
	j := startJobWith(t, first, func(o *Options) { o.Dashboards = fstest.MapFS{"x.json": {Data: []byte(`{}`)}} })
	s := j.until("both are ready", func(s drivers.AgentState) bool {
		return one(s, "mon.a").Phase == drivers.PhaseReady && one(s, "mon.b").Phase == drivers.PhaseReady
	})
	a, b := one(s, "mon.a"), one(s, "mon.b")
	conf := filepath.Join(j.dir, "conf", "mon.a")
	want := fmt.Sprintf("one %d %s 127.0.0.1 $(UNKNOWN)", a.Ports["grpc"], b.Endpoint[strings.LastIndex(b.Endpoint, ":")+1:])
	if got := fileText(t, filepath.Join(conf, "c.yml")); got != want || a.Ports["grpc"] == 0 {
		t.Errorf("c.yml: %q, want %q", got, want)
	}
	data := first.Processes[0].Data
	if info, err := os.Stat(filepath.Join(data, "password")); err != nil || info.Mode().Perm() != 0o600 || info.Size() < 20 {
		t.Errorf("the password file: %v %v", info, err)
	}
	if !strings.Contains(fileText(t, filepath.Join(data, ".assay")), "us exp/mon") || fileText(t, filepath.Join(conf, "boards", "x.json")) != "{}" {
		t.Error("the marker or the dashboards are missing")
	}
	count := func() string { return get(t, a.Endpoint+"/reloads", "") }
	next := mon("one", `[{"targets":[]}]`)
	next.Processes[0].Data = data
	j.tell(next)
	j.until("the targets are there", func(drivers.AgentState) bool {
		return strings.Contains(fileText(t, filepath.Join(conf, "targets/t.json")), "targets")
	})
	if n := count(); n != "0" {
		t.Errorf("%s reloads after a change of the targets alone", n)
	}
	next = mon("two", "[]")
	next.Processes[0].Data = data
	j.tell(next)
	j.until("it reloaded", func(drivers.AgentState) bool { return count() == "1" })
	next = mon("broken", "[]")
	next.Processes[0].Data = data
	j.tell(next)
	s = j.until("the refusal is said", func(s drivers.AgentState) bool { return strings.Contains(one(s, "mon.a").Message, "refused") })
	if p := one(s, "mon.a"); p.Phase != drivers.PhaseReady || p.PID != a.PID {
		t.Errorf("a refused configuration must not stop what runs: %+v", p)
	}
}

// TestSecretsStayOut: the value reaches the process by its environment, and neither its log nor what the agent writes.
func TestSecretsStayOut(t *testing.T) {
	const canary = "hf_canary_0123456789"
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(canary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, _ := os.Executable()
	j := startJob(t, drivers.AgentDesired{Processes: []drivers.Process{{Name: "s", Fingerprint: "1", Argv: []string{self, "act", "print"},
		Secrets: map[string]string{"HF_TOKEN": secret}, Env: map[string]string{"PLAIN": "seen"}}}})
	log := filepath.Join(j.dir, "log", "s.42.log")
	j.until("it printed", func(drivers.AgentState) bool { return strings.Contains(fileText(t, log), "PLAIN=seen") })
	j.end()
	if !strings.Contains(fileText(t, log), "HF_TOKEN=") {
		t.Error("the process did not get its secret")
	}
	err := filepath.WalkDir(j.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(fileText(t, path), canary) {
			t.Errorf("the secret is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAGatewayGetsNoKey: it hands on what clients send; the key of its servers is the agent's, for probes.
func TestAGatewayGetsNoKey(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("key_0123456789\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, _ := os.Executable()
	j := startJob(t, drivers.AgentDesired{Processes: []drivers.Process{{Name: "front", Fingerprint: "1", Argv: []string{self, "act", "print"}, Upstreams: "servers.json",
		Token: "VLLM_API_KEY", Secrets: map[string]string{"VLLM_API_KEY": secret}, Env: map[string]string{"PLAIN": "seen"}}}})
	log := filepath.Join(j.dir, "log", "front.42.log")
	j.until("it printed", func(drivers.AgentState) bool { return strings.Contains(fileText(t, log), "PLAIN=seen") })
	j.end()
	if text := fileText(t, log); strings.Contains(text, "VLLM_API_KEY") {
		t.Errorf("its environment holds the key of its servers:\n%s", text)
	}
}

// TestSecretGone: a secret that vanished is a reason, not an empty variable.
func TestSecretGone(t *testing.T) {
	self, _ := os.Executable()
	j := startJob(t, drivers.AgentDesired{Processes: []drivers.Process{{Name: "s", Fingerprint: "1", Argv: []string{self, "act", "print"},
		Secrets: map[string]string{"HF_TOKEN": "/nowhere"}}}})
	s := j.until("it failed", func(s drivers.AgentState) bool { return one(s, "s").Phase == drivers.PhaseFailed })
	if m := one(s, "s").Message; !strings.Contains(m, "HF_TOKEN") || !strings.Contains(m, "apply the manifest again") {
		t.Error(m)
	}
}

// TestRelayFollows: clients keep one address while the collector moves.
func TestRelayFollows(t *testing.T) {
	server := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, name) }))
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "http://")
	}
	r := newRelays()
	defer r.close()
	port, err := r.port("otlp")
	if err != nil {
		t.Fatal(err)
	}
	ask := func() string {
		res, err := (&http.Client{Timeout: 5 * time.Second}).Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
		if err != nil {
			return "none"
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return string(b)
	}
	if got := ask(); got != "none" {
		t.Errorf("without a collector: %s", got)
	}
	for _, name := range []string{"first", "second"} {
		r.setTargets(map[string]string{"otlp": server(name)}, "")
		if got := ask(); got != name {
			t.Errorf("got %s, want %s", got, name)
		}
	}
	if again, _ := r.port("otlp"); again != port {
		t.Errorf("the relay moved from %d to %d", port, again)
	}
}

func TestGPUsAreShared(t *testing.T) {
	t.Setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
	g := newGPUs()
	a, _ := g.take(2)
	b, _ := g.take(1)
	if _, enough := g.take(2); enough {
		t.Error("two GPUs were given although one is free")
	}
	g.give(a)
	c, enough := g.take(3)
	if fmt.Sprint(a, b, c, enough) != "[0 1] [2] [0 1 3] true" {
		t.Error(a, b, c, enough)
	}
	if none, ok := g.take(0); none != nil || !ok {
		t.Error("a process that wants none waits for GPUs")
	}
}

// TestPortTaken: another program listens before the server does; the server moves on at once, which is not a restart.
func TestPortTaken(t *testing.T) {
	self, _ := os.Executable()
	thief := filepath.Join(t.TempDir(), "stolen")
	j := startJob(t, drivers.AgentDesired{Processes: []drivers.Process{{Name: "s", Fingerprint: "1", Argv: []string{self, "act", "robbed", thief},
		Probes: []drivers.Probe{{Path: "/health"}}, Restart: drivers.Restart{Limit: 0, Backoff: 60}}}})
	s := j.until("it is ready on another port", func(s drivers.AgentState) bool { return one(s, "s").Phase == drivers.PhaseReady })
	if stolen := fileText(t, thief); strings.HasSuffix(one(s, "s").Endpoint, ":"+stolen) || one(s, "s").Restarts != 0 {
		t.Errorf("%+v, stolen %s", one(s, "s"), stolen)
	}
}

func TestMissingNeed(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{Processes: []drivers.Process{{Name: "s", Fingerprint: "1", Argv: []string{"x"}, Needs: []string{"/no/image.sif"}}}})
	s := j.until("it failed", func(s drivers.AgentState) bool { return one(s, "s").Phase == drivers.PhaseFailed })
	if p := one(s, "s"); p.Reason != "Missing" || !strings.Contains(p.Message, "assay pull") {
		t.Errorf("%+v", p)
	}
}

// TestVersion: a program that is old enough starts, one that is older is refused, and so is one that does not say.
func TestVersion(t *testing.T) {
	self, _ := os.Executable()
	process := func(name, says string) drivers.Process {
		return drivers.Process{Name: name, Fingerprint: "1", Argv: []string{self, "act", "sleep"},
			Versions: &drivers.Versions{Argv: []string{"echo", says}, Least: "2.52", Reason: drivers.ReasonInsecureRay, Advice: "use another"}}
	}
	j := startJob(t, drivers.AgentDesired{Processes: []drivers.Process{process("new", "ray, version 2.52.0"), process("newer", "10.1"),
		process("old", "ray, version 2.9.3"), process("silent", "ray")}})
	s := j.until("all have been asked", func(s drivers.AgentState) bool {
		return one(s, "new").PID != 0 && one(s, "newer").PID != 0 && one(s, "old").Phase == drivers.PhaseFailed && one(s, "silent").Phase == drivers.PhaseFailed
	})
	if p := one(s, "old"); p.Reason != drivers.ReasonInsecureRay || p.Message != "echo has version 2.9 on this node: use another" || p.PID != 0 {
		t.Errorf("%+v", p)
	}
	if p := one(s, "silent"); p.Reason != "StartFailed" || !strings.Contains(p.Message, "it printed none") {
		t.Errorf("%+v", p)
	}
}

// TestVersionWithData: a container binds the data folder, and so it has to be there when the program is asked for its version.
func TestVersionWithData(t *testing.T) {
	self, _ := os.Executable()
	j := startJob(t, drivers.AgentDesired{Processes: []drivers.Process{{Name: "s", Fingerprint: "1", Argv: []string{self, "act", "sleep"}, Data: filepath.Join(t.TempDir(), "data"),
		Versions: &drivers.Versions{Argv: []string{"sh", "-c", "test -d $0 && echo 3.9.1", "$(DATA)"}, Least: "3.9"}}}})
	j.until("it runs", func(s drivers.AgentState) bool { return one(s, "s").PID != 0 })
}

// TestTextfile: a file of metrics is served next to the counters.
func TestTextfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.prom")
	if err := os.WriteFile(path, []byte("assay_x 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, _ := os.Executable()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("right"), 0o600); err != nil {
		t.Fatal(err)
	}
	j := startJob(t, drivers.AgentDesired{Token: token, Processes: []drivers.Process{{Name: "s", Fingerprint: "1", Argv: []string{self, "act", "sleep"}, Textfile: path}}})
	s := j.until("its node is known", func(s drivers.AgentState) bool { return len(s.Nodes) == 1 && s.Nodes[0].Metrics != "" })
	url := strings.TrimSuffix(s.Nodes[0].Metrics, "/metrics") + "/textfile/s"
	if got := get(t, url, "right"); got != "assay_x 1\n" {
		t.Errorf("%q", got)
	}
	if got := get(t, url, ""); strings.Contains(got, "assay_x") {
		t.Errorf("a stranger gets %q", got)
	}
}

func fileText(t *testing.T, path string) string {
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

func get(t *testing.T, url, token string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := (&http.Client{Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// rob listens on the port that a server was given, once, in its place.
func rob(file string) {
	if _, err := os.Stat(file); err == nil {
		act("serve", nil)
		return
	}
	_ = os.WriteFile(file, []byte(os.Getenv("PORT")), 0o600)
	start := os.Getenv("PORT")
	child := exec.Command(os.Args[0], "act", "squat", start)
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the server's group is killed with it
	_ = child.Start()
	for range 100 { // until the port is taken
		if c, err := net.DialTimeout("tcp", "127.0.0.1:"+start, time.Second); err == nil {
			_ = c.Close()
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	os.Exit(1)
}

// TestTheClusterIsTheCause: whichever is seen first, the end of a cluster's part or that of the server which cannot do
// without it, the part is named.
func TestTheClusterIsTheCause(t *testing.T) {
	for name, c := range map[string]struct{ server, head, want string }{
		"the part is seen first":   {"1s", "0s", "HeadDied"},
		"the server is seen first": {"0s", "1s", "HeadDied"},
		"the server alone":         {"0s", "1h", "Exited"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := startJob(t, drivers.AgentDesired{})
			file := filepath.Join(t.TempDir(), "go")
			p := j.server("llm", "end", "f1", c.server, file)
			p.Probes, p.Restart.Limit = nil, 0
			p.Cluster = &drivers.Cluster{Nodes: 1, Head: []string{j.self, "act", "end", c.head, file}, Status: []string{j.self, "act", "status"}}
			j.tell(drivers.AgentDesired{Processes: []drivers.Process{p}})
			j.until("it runs", func(s drivers.AgentState) bool { return len(s.Processes) == 1 && s.Processes[0].PID > 0 })
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			s := j.until("it has failed", phase("llm", drivers.PhaseFailed))
			if got := s.Processes[0]; got.Reason != c.want || got.Last == nil || got.Last.Reason != c.want {
				t.Errorf("%s: %s; last end %+v", got.Reason, got.Message, got.Last)
			}
		})
	}
}
