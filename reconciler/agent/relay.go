package agent

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const relayDial = 5 * time.Second

// relays forward stable ports of 127.0.0.1 to addresses that change, so that a program which reads its collector's
// address once still finds it.
type relays struct {
	mu     sync.Mutex
	to     map[string]string
	listen map[string]net.Listener
	open   map[net.Conn]string
}

func newRelays() *relays {
	return &relays{to: map[string]string{}, listen: map[string]net.Listener{}, open: map[net.Conn]string{}}
}

// port is where a relay listens, from its first mention to the end of the job.
func (r *relays) port(name string) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listen[name] == nil {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, fmt.Errorf("listening for %s: %w", name, err)
		}
		r.listen[name] = l
		go r.accept(name, l)
	}
	return r.listen[name].Addr().(*net.TCPAddr).Port, nil
}

// telemetry is the variable by which a suite finds the experiment's collector; nil without a collector.
func (r *relays) telemetry() map[string]string {
	const collector = "otlp-http" // as package service calls it
	r.mu.Lock()
	there := r.to[collector] != ""
	r.mu.Unlock()
	if !there {
		return nil
	}
	port, err := r.port(collector)
	if err != nil {
		return nil // the run goes on without
	}
	return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": fmt.Sprintf("http://127.0.0.1:%d", port)}
}

// setTargets sets where the relays lead. Connections to a former address are closed, so that clients connect again.
func (r *relays) setTargets(to map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c, name := range r.open {
		if to[name] != r.to[name] {
			_ = c.Close() // both halves end with it
		}
	}
	r.to = to
}

func (r *relays) accept(name string, l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return // closed
		}
		go r.forward(name, c)
	}
}

func (r *relays) forward(name string, c net.Conn) {
	defer c.Close()
	r.mu.Lock()
	to := r.to[name]
	r.open[c] = name
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.open, c)
		r.mu.Unlock()
	}()
	if to == "" {
		return // without a collector the client is refused and tries again
	}
	ctx, cancel := context.WithTimeout(context.Background(), relayDial)
	defer cancel()
	var d net.Dialer
	out, err := d.DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(out, c); done <- struct{}{} }()
	go func() { _, _ = io.Copy(c, out); done <- struct{}{} }()
	<-done
}

func (r *relays) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.listen {
		_ = l.Close()
	}
	for c := range r.open {
		_ = c.Close()
	}
}
