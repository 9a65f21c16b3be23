package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/listen"
)

// mostConns bounds the connections: those that wait, and as many whose requests are being answered.
const mostConns = 1 << 14

// Version is what /version answers.
const Version = "0.12.0+assay.simulator"

// Config of one simulated server.
type Config struct {
	Model    string // as clients name it
	Key      string // that clients must send; empty: none
	Simulate v1alpha1.Simulate
}

// Server is one simulated vLLM server, an http.Handler.
type Server struct {
	c       Config
	mux     *http.ServeMux
	started time.Time
	slots   chan struct{} // one for each sequence that can run at a time
	serial  atomic.Uint64
	metrics *metrics
	prefix  *prefixCache
}

// New returns a server; /health answers 503 until Simulate.StartupDelay has passed.
func New(c Config) *Server {
	if c.Simulate.TTFT == 0 {
		c.Simulate.TTFT = v1alpha1.Duration(50 * time.Millisecond)
	}
	if c.Simulate.ITL == 0 {
		c.Simulate.ITL = v1alpha1.Duration(10 * time.Millisecond)
	}
	if c.Simulate.MaxRunning == 0 {
		c.Simulate.MaxRunning = 256
	}
	slots := make(chan struct{}, c.Simulate.MaxRunning)
	s := &Server{c: c, mux: http.NewServeMux(), started: time.Now(), slots: slots, prefix: newPrefixCache(),
		metrics: newMetrics(c.Model, func() float64 { return float64(len(slots)) / float64(cap(slots)) })}
	s.mux.HandleFunc("GET /health", s.health)
	s.mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) { reply(w, map[string]string{"version": Version}) })
	s.mux.HandleFunc("GET /v1/models", s.models)
	s.mux.Handle("GET /metrics", s.metrics.handler())
	s.mux.HandleFunc("POST /tokenize", s.tokenize)
	s.mux.HandleFunc("POST /v1/completions", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, completions) })
	s.mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, chat) })
	return s
}

// ServeHTTP marks every answer as simulated, and asks for the key.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Assay-Simulated", "true")
	if s.c.Key != "" && !listen.Same(r.Header.Get("Authorization"), "Bearer "+s.c.Key) {
		refuse(w, http.StatusUnauthorized, "Unauthorized", "this server asks for a key, as Authorization: Bearer KEY; its owner prints it with: assay key SERVICE")
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Server) loaded() bool { return time.Since(s.started) >= s.c.Simulate.StartupDelay.Std() }

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	if !s.loaded() {
		http.Error(w, "loading", http.StatusServiceUnavailable)
	}
}

func (s *Server) models(w http.ResponseWriter, _ *http.Request) {
	reply(w, map[string]any{"object": "list", "data": []map[string]any{
		{"id": s.c.Model, "object": "model", "created": s.started.Unix(), "owned_by": "assay-simulator"},
	}})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // an error means that the client hung up
}

// refuse answers with OpenAI's error body.
func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": kind, "code": status}})
}

// ListenAndServe serves on addr until ctx ends, and then gives requests that run two seconds to end. It returns an
// error when it cannot listen.
func ListenAndServe(ctx context.Context, addr string, c Config) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("simulated vLLM on %s: %w", addr, err)
	}
	srv := listen.HTTP{Handler: New(c), Open: true, Body: -1, Most: mostConns}.Serve(l)
	select {
	case err := <-srv.Ended:
		return fmt.Errorf("simulated vLLM on %s: %w", addr, err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stopping the simulated vLLM: %w", err)
	}
	return srv.Close()
}
