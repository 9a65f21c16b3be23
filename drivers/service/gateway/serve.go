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
	all := allLines(g, l)
	g.lines = all
	defer all.end()
	s := listen.HTTP{Handler: g, Open: true, Body: -1, Most: g.most}.Serve(&clients{Listener: l, lines: all})
	for _, lines := range all {
		go func() { _ = s.Server.Serve(lines.back) }()
	}
	select {
	case err := <-s.Ended:
		return err
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.Background(), drainWithin)
	defer cancel()
	all.drain()
	err := s.Shutdown(within)
	if err == nil || errors.Is(err, http.ErrServerClosed) {
		err = all.drained(within)
	}
	if err != nil {
		return fmt.Errorf("ending a gateway: requests were cut off: %w", err)
	}
	return nil
}

// Own are the connections of l that come from programs of this very user; others are closed at once.
func Own(l net.Listener) net.Listener { return ownListener{l} }

// OwnPort listens at an address of loopback for programs of this very user.
func OwnPort(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("--listen %s is no loopback address: proxy adds the service's key, so nobody else may reach it; write 127.0.0.1:PORT", address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with --listen", err)
	}
	return Own(l), nil
}

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
