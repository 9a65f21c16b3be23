package agent

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"assay/drivers/durable"
	"assay/drivers/listen"
)

const (
	relayDial = 5 * time.Second
	mostRelay = 256 // connections of one relay
)

// The relays to a collector, as package service calls them.
const (
	relayGRPC = "otlp-grpc"
	relayHTTP = "otlp-http"
)

// relays forward stable ports of 127.0.0.1 to addresses that change, so that a program which reads its collector's
// address once still finds it. They do so for programs of our own user, which need know no password: the way to the
// collector is encrypted, and both of its ends prove that they have the collector's certificate.
type relays struct {
	mu     sync.Mutex
	to     map[string]string
	key    string // file of that certificate; empty: the collector asks for none
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
		bare, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, fmt.Errorf("listening for %s: %w", name, err)
		}
		l := listen.Limit(bare, mostRelay)
		r.listen[name] = l
		go r.accept(name, l)
	}
	return r.listen[name].Addr().(*net.TCPAddr).Port, nil
}

// telemetry is the variable by which a suite finds the experiment's collector; nil without a collector.
func (r *relays) telemetry() map[string]string {
	r.mu.Lock()
	there := r.to[relayHTTP] != ""
	r.mu.Unlock()
	if !there {
		return nil
	}
	port, err := r.port(relayHTTP)
	if err != nil {
		return nil // the run goes on without
	}
	return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": fmt.Sprintf("http://127.0.0.1:%d", port)}
}

// setTargets sets where the relays lead. Connections to a former address are closed, so that clients connect again.
func (r *relays) setTargets(to map[string]string, key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c, name := range r.open {
		if to[name] != r.to[name] {
			_ = c.Close() // both halves end with it
		}
	}
	r.to, r.key = to, key
}

// ports are those that have been mentioned; nil: none.
func (r *relays) ports() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out map[string]int
	for name, l := range r.listen {
		if out == nil {
			out = map[string]int{}
		}
		out[name] = l.Addr().(*net.TCPAddr).Port
	}
	return out
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
	if ours, err := listen.Ours(c); !ours || err != nil {
		return
	}
	c.(*listen.Conn).Prove()
	r.mu.Lock()
	to, key := r.to[name], r.key
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
	out, err := reach(to, key, name)
	if err != nil {
		return
	}
	defer out.Close()
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(out, c); done <- struct{}{} }()
	go func() { _, _ = io.Copy(c, out); done <- struct{}{} }()
	<-done
}

// reach connects to where a relay leads, and proves there who it is.
func reach(to, key, name string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), relayDial)
	defer cancel()
	if key == "" {
		return (&net.Dialer{}).DialContext(ctx, "tcp", to)
	}
	pair, err := durable.Read(key, maxSecret)
	if err != nil {
		return nil, err
	}
	var protocols []string
	if name == relayGRPC {
		protocols = []string{"h2"} // which gRPC insists on
	}
	config, err := listen.ClientTLS(pair, protocols...)
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", to)
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
