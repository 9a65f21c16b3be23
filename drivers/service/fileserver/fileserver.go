// Package fileserver serves a folder over HTTP, with /healthz and /metrics. It is a small real service for examples and
// tests: `assay serve-files`.
//
// Dependency: github.com/prometheus/client_golang counts and exposes the requests.
package fileserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"assay/drivers/listen"
)

// ListenAndServe serves root on addr until ctx ends, and then gives requests that run three seconds to end. Nothing
// outside of root is served, links included. Its error says why it could not open root or listen.
func ListenAndServe(ctx context.Context, addr, root string) error {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return fmt.Errorf("serving %s: %w", root, err)
	}
	defer dir.Close()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", addr, err)
	}
	srv := listen.HTTP{Handler: handler(dir), Open: true}.Serve(l)
	select {
	case err := <-srv.Ended:
		return fmt.Errorf("listening on %s: %w", addr, err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("stopping the server on %s: %w", addr, err)
	}
	return nil
}

func handler(dir *os.Root) http.Handler {
	reg := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total", Help: "Requests served, by status code."}, []string{"code"})
	reg.MustRegister(requests)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.Handle("GET /", promhttp.InstrumentHandlerCounter(requests, http.FileServerFS(dir.FS())))
	return mux
}
