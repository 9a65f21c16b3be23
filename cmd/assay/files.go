package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
)

func serveFilesCmd(*app) *cobra.Command {
	var listen, root string
	c := &cobra.Command{
		Use:   "serve-files",
		Short: "Serve a folder over HTTP, with /healthz and /metrics: a small real service for examples and tests",
		Args:  args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			dir, err := os.OpenRoot(root)
			if err != nil {
				return fmt.Errorf("serving %s: %w", root, err)
			}
			defer dir.Close()
			return serveUntilDone(c.Context(), listen, fileServer(dir))
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address")
	c.Flags().StringVar(&root, "root", ".", "folder; nothing outside it is served")
	return c
}

func fileServer(dir *os.Root) http.Handler {
	reg := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total", Help: "Requests served, by status code."}, []string{"code"})
	reg.MustRegister(requests)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.Handle("GET /", promhttp.InstrumentHandlerCounter(requests, http.FileServerFS(dir.FS())))
	return mux
}

// serveUntilDone serves until ctx ends, then lets requests in flight finish for a moment.
func serveUntilDone(ctx context.Context, listen string, h http.Handler) error {
	srv := &http.Server{Addr: listen, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.ListenAndServe() }()
	select {
	case err := <-failed:
		return fmt.Errorf("listening on %s: %w", listen, err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("stopping the server on %s: %w", listen, err)
	}
	return nil
}
