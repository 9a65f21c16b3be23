package agent

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"assay/drivers"
	"assay/drivers/safefile/safefiletest"
)

// squatter is another program's server on a port. It counts what it is sent.
func squatter(t *testing.T, uid int, address string) *atomic.Int64 {
	t.Helper()
	var got atomic.Int64
	var l net.Listener
	var err error
	listen := func() { l, err = net.Listen("tcp", address) }
	if uid == os.Geteuid() {
		listen()
	} else {
		safefiletest.As(t, uid, listen)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }),
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				got.Add(1)
			}
		}}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return &got
}

// TestSquattedPort: before a server listens, another program does: of another user, or of the same one. It gets no key, it is
// not taken for the server, and the server is started on another port.
func TestSquattedPort(t *testing.T) {
	self, _ := os.Executable()
	for name, c := range map[string]struct {
		uid   int
		token string
	}{"another user's": {safefiletest.Attacker, "KEY"}, "without a key": {safefiletest.Attacker, ""}, "the same user's": {os.Geteuid(), "KEY"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.uid != os.Geteuid() {
				safefiletest.NeedsRoot(t)
			}
			go_, key := filepath.Join(t.TempDir(), "go"), filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(key, []byte("s3cret"), 0o600); err != nil {
				t.Fatal(err)
			}
			j := startJob(t, drivers.AgentDesired{Processes: []drivers.Process{{Name: "s", Fingerprint: "1", Argv: []string{self, "act", "late", go_},
				Secrets: map[string]string{"KEY": key}, Token: c.token, Probes: []drivers.Probe{{Path: "/health"}}, Restart: drivers.Restart{Limit: 0, Backoff: 60}}}})
			s := j.until("it was given a port and started", func(s drivers.AgentState) bool { return one(s, "s").Endpoint != "" && one(s, "s").PID != 0 })
			first := one(s, "s").Endpoint
			got := squatter(t, c.uid, strings.TrimPrefix(first, "http://"))
			s = j.until("it has another port, or is taken for Ready", func(s drivers.AgentState) bool {
				return one(s, "s").Endpoint != first && one(s, "s").PID != 0 || one(s, "s").Phase == drivers.PhaseReady
			})
			if one(s, "s").Phase == drivers.PhaseReady {
				t.Errorf("another program's server is Ready: %+v", one(s, "s"))
			}
			if err := os.WriteFile(go_, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			s = j.until("the server itself is Ready", func(s drivers.AgentState) bool { return one(s, "s").Phase == drivers.PhaseReady })
			if p := one(s, "s"); p.Endpoint == first || p.Restarts != 0 || got.Load() != 0 || p.Last == nil || p.Last.Reason != "PortTaken" {
				t.Errorf("%+v; the other program was sent %d things", p, got.Load())
			}
		})
	}
}

// TestSquattedBeside: another program listens on the port of a Ready server, on another address of the node.
func TestSquattedBeside(t *testing.T) {
	self, _ := os.Executable()
	j := startJob(t, drivers.AgentDesired{Processes: []drivers.Process{{Name: "s", Fingerprint: "1", Argv: []string{self, "act", "serve"},
		Probes: []drivers.Probe{{Path: "/health"}}, Restart: drivers.Restart{Limit: 3}}}})
	s := j.until("it is Ready", func(s drivers.AgentState) bool { return one(s, "s").Phase == drivers.PhaseReady })
	first := one(s, "s").Endpoint
	_, port, _ := strings.Cut(strings.TrimPrefix(first, "http://"), ":")
	squatter(t, os.Geteuid(), "127.0.0.2:"+port)
	j.until("it is Ready on another port", func(s drivers.AgentState) bool {
		return one(s, "s").Phase == drivers.PhaseReady && one(s, "s").Endpoint != first
	})
}

// TestDetachedServer: what listens is a grandchild that left the group and the session, whose parent has ended.
func TestDetachedServer(t *testing.T) {
	self, _ := os.Executable()
	j := startJob(t, drivers.AgentDesired{Processes: []drivers.Process{{Name: "s", Fingerprint: "1", Argv: []string{"sh", "-c", "(setsid " + self + " act serve &); sleep 1000"},
		Probes: []drivers.Probe{{Path: "/health"}, {}}}}})
	j.until("it is Ready", func(s drivers.AgentState) bool { return one(s, "s").Phase == drivers.PhaseReady })
}
