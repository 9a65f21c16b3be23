package agent

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/listen"
)

// secretFile is a file that holds a value.
func secretFile(t *testing.T, value string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAFloodDisturbsNoAgent: 2,000 connections of strangers, half of which ask once, are closed, and meanwhile the agent is
// scraped and does what it is told.
func TestAFloodDisturbsNoAgent(t *testing.T) {
	const flood = 2000
	counters := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "node_x 1\n") })
	token := secretFile(t, "right")
	j := startJobWith(t, drivers.AgentDesired{Token: token}, func(o *Options) { o.Hardware = counters })
	s := j.until("its node is known", func(s drivers.AgentState) bool { return len(s.Nodes) == 1 && s.Nodes[0].Metrics != "" })
	url := s.Nodes[0].Metrics
	if got := get(t, url, "right"); got != "node_x 1\n" {
		t.Fatalf("%q", got)
	}
	var open []net.Conn
	for i := range flood {
		c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics"))
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer c.Close()
		if i%2 == 0 {
			fmt.Fprint(c, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || res.StatusCode != http.StatusUnauthorized {
				t.Fatalf("a stranger is answered with %v %v", res, err)
			}
		}
		open = append(open, c)
		if i%200 == 199 {
			if got := get(t, url, "right"); got != "node_x 1\n" {
				t.Fatalf("after %d: %q", i, got)
			}
			j.tell(drivers.AgentDesired{Token: token, Relays: map[string]string{"x": fmt.Sprint(i)}})
		}
	}
	j.until("it heard of the last change", func(s drivers.AgentState) bool { return s.Generation == j.gen })
	left := 0
	for _, c := range open {
		_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := io.Copy(io.Discard, c); err != nil && os.IsTimeout(err) {
			left++
		}
	}
	if left > 300 {
		t.Errorf("%d of %d connections of strangers are left", left, flood)
	}
	t.Logf("%d of %d connections of strangers are left", left, flood)
}

// TestPrivateMetrics: what asks for a password is fetched by the agent, for those who know its token.
func TestPrivateMetrics(t *testing.T) {
	self, _ := os.Executable()
	password := filepath.Join(t.TempDir(), "secrets", "p")
	j := startJob(t, drivers.AgentDesired{Token: secretFile(t, "right"), Processes: []drivers.Process{{Name: "s", Fingerprint: "1", Argv: []string{self, "act", "guarded", "$(PORT)"},
		Password: password, Env: map[string]string{"ASKS": "Basic $(BASIC)"}, Private: true, Metrics: "/metrics", Probes: []drivers.Probe{{Path: "/health", User: drivers.PasswordUser}},
		Files: []drivers.File{{Path: "web.yml", Content: "$(BCRYPT) $(PASSWORD) $(UNKNOWN)"}}}}})
	s := j.until("it is Ready", func(s drivers.AgentState) bool {
		return len(s.Processes) == 1 && s.Processes[0].Phase == drivers.PhaseReady
	})
	info, err := os.Stat(password)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the password's file: %v %v", info, err)
	}
	if url := s.Processes[0].Metrics; get(t, url, "right") != "private 1\n" || strings.Contains(get(t, url, "wrong"), "private") {
		t.Errorf("%s: %q for those who know the token, %q for others", url, get(t, url, "right"), get(t, url, "wrong"))
	}
	if got := get(t, s.Processes[0].Endpoint+"/metrics", "right"); strings.Contains(got, "private") {
		t.Errorf("without the password: %q", got)
	}
	written := fileText(t, filepath.Join(j.dir, "conf", "s", "web.yml"))
	if !strings.HasPrefix(written, "$2a$04$") || !strings.HasSuffix(written, " "+fileText(t, password)+" $(UNKNOWN)") {
		t.Errorf("wrote %q", written)
	}
}

// guardedServer answers only who knows what it asks for.
func guardedServer(port string) {
	asks := os.Getenv("ASKS")
	_ = http.ListenAndServe("127.0.0.1:"+port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != asks {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/metrics" {
			fmt.Fprint(w, "private 1\n")
		}
	}))
}

// TestRelaysProveWhoTheyAre to a collector, which listens to nobody else; and they carry nothing of another user's programs.
func TestRelaysProveWhoTheyAre(t *testing.T) {
	pair, err := listen.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	config, err := listen.ServerTLS(pair)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	collector := &http.Server{TLSConfig: config, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "taken") })}
	go func() { _ = collector.ServeTLS(l, "", "") }()
	t.Cleanup(func() { _ = collector.Close() })
	r := newRelays()
	defer r.close()
	port, err := r.port(relayHTTP)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	other, err := listen.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(key string) string {
		r.setTargets(map[string]string{relayHTTP: l.Addr().String()}, key)
		res, err := (&http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + address)
		if err != nil {
			return "nothing"
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return string(b)
	}
	for key, want := range map[string]string{secretFile(t, string(pair)): "taken", secretFile(t, string(other)): "nothing", secretFile(t, ""): "nothing"} {
		if got := ask(key); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := ask(""); strings.Contains(got, "taken") {
		t.Errorf("without a certificate: %s", got)
	}
	if got := ask(secretFile(t, string(pair))); got != "taken" {
		t.Fatal(got)
	}
	if os.Getuid() != 0 {
		t.Skip("another user needs root")
	}
	out, err := asOther(t, "act", "fetch", address)
	if err != nil || strings.Contains(out, "taken") {
		t.Errorf("another user gets %q %v", out, err)
	}
}

// asOther runs this program as another user.
func asOther(t *testing.T, args ...string) (string, error) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "other") // which that user can reach
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "program"), b, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "program"), args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64321, Gid: 64321}}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// fetch prints what an address answers.
func fetch(address string) {
	res, err := (&http.Client{Timeout: 5 * time.Second}).Get("http://" + address)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	_, _ = io.Copy(os.Stdout, res.Body)
}
