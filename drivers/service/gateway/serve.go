package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"assay/drivers/listen"
)

const (
	mostConns   = 4096             // that wait for a request, and as many whose request is being answered
	drainWithin = 25 * time.Second // of requests under way, when it is told to end: before the agent kills it
)

// ListenAndServe answers at an address until ctx ends, with the servers that the file lists. Requests under way are finished.
func ListenAndServe(ctx context.Context, address, servers string, log *slog.Logger) error {
	g := New(log)
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listening as a gateway: %w", err)
	}
	go g.Follow(ctx, servers, func(err error) { log.Error("the servers stay as they are", "error", err) })
	return g.Serve(ctx, l)
}

// Serve answers the connections of l until ctx ends.
func (g *Gateway) Serve(ctx context.Context, l net.Listener) error {
	s := listen.HTTP{Handler: g, Open: true, Body: -1, Most: g.most}.Serve(l)
	select {
	case err := <-s.Ended:
		return err
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.Background(), drainWithin)
	defer cancel()
	if err := s.Shutdown(within); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("ending a gateway: requests were cut off: %w", err)
	}
	return nil
}

// Own are the connections of l that come from programs of this very user; others are closed at once.
func Own(l net.Listener) net.Listener { return ownListener{l} }

type ownListener struct{ net.Listener }

func (l ownListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if ours, err := listen.Ours(c); ours && err == nil {
			return c, nil
		}
		_ = c.Close()
	}
}
