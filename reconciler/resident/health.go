package resident

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"assay/drivers/durable"
	"assay/drivers/listen"
	"assay/drivers/procid"
	"assay/reconciler/store"
)

const (
	readyFor    = 30 * time.Second // since the last good pass
	healthyFor  = 5 * time.Minute  // since the last pass, good or not; a pass waits for calls of a minute
	closeWithin = time.Second
	mostMetrics = 64 << 20 // bytes of the controller's metrics
)

// Health is what a controller says of itself over HTTP. Strangers learn whether it works, and nothing else; metrics need the token.
type Health struct {
	Metrics string        // file of the controller's metrics
	Token   func() string // for /metrics

	mu    sync.Mutex
	since time.Time // when it got the lease; zero: it stands by
	last  time.Time // when the last pass ended
	good  time.Time // when the last good one did
	err   string    // of the last one
}

// Holds says whether the controller has the lease.
func (h *Health) Holds(yes bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since, h.last, h.good, h.err = time.Time{}, time.Time{}, time.Time{}, ""
	if yes {
		h.since = time.Now()
	}
}

// Passed takes note of a pass.
func (h *Health) Passed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last = time.Now(); err == nil {
		h.good, h.err = h.last, ""
		return
	}
	h.err = err.Error()
}

// healthy is empty while the controller lives and makes passes, or stands by.
func (h *Health) healthy(now time.Time) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := h.last
	if last.Before(h.since) {
		last = h.since
	}
	if ago := now.Sub(last); !h.since.IsZero() && ago > healthyFor {
		return fmt.Sprintf("no pass for %s", ago.Round(time.Second))
	}
	return ""
}

// ready is empty while the controller has the lease and its passes succeed. Why they do not is in its log: it may name paths.
func (h *Health) ready(now time.Time) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch ago := now.Sub(h.good); {
	case h.since.IsZero():
		return "standing by: another controller holds the lease"
	case h.good.IsZero():
		return "no pass yet"
	case ago > readyFor:
		return fmt.Sprintf("no good pass for %s; its log says why", ago.Round(time.Second))
	}
	return ""
}

// Handler answers /healthz, /readyz and /metrics, and nothing else.
func (h *Health) Handler() http.Handler {
	metrics := listen.Guard(h.Token, http.HandlerFunc(h.metrics))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem := ""
		switch r.URL.Path { // as it is: a ServeMux redirects what it does not know
		case "/healthz":
			problem = h.healthy(time.Now())
		case "/readyz":
			problem = h.ready(time.Now())
		case "/metrics":
			metrics.ServeHTTP(w, r)
			return
		default:
			http.NotFound(w, r)
			return
		}
		if problem != "" {
			http.Error(w, problem, http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
}

func (h *Health) metrics(w http.ResponseWriter, _ *http.Request) {
	text, err := durable.Read(h.Metrics, mostMetrics)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		http.Error(w, "the metrics cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(text)
}

// Serve listens at an address until stop is called, which also takes back what Tell said.
func (h *Health) Serve(address, stateDir string) (url string, stop func(), err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("listening for those who ask how the controller is: %w; choose another address with --health", err)
	}
	server := listen.HTTP{Handler: h.Handler(), Open: true, Took: 10 * time.Second}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		server.Hosts = []string{"127.0.0.1", "::1", "localhost"}
	}
	s := server.Serve(l)
	url = "http://" + l.Addr().String()
	path := filepath.Join(stateDir, store.ControllerFile)
	stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
		defer cancel()
		_ = s.Shutdown(ctx)
		if at, err := durable.OptionalRecord[procid.Address](path); err == nil && at != nil && at.Owner == procid.Self() {
			_ = durable.Writer{}.Remove(path)
		}
	}
	return url, stop, nil
}

// Tell says in the state directory where the holder of the lease answers.
func Tell(url, stateDir string) error {
	return durable.Writer{}.ReplaceRecord(filepath.Join(stateDir, store.ControllerFile), procid.Address{URL: url, Owner: procid.Self()}, nil)
}
