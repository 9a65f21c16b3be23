package listen

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"slices"
	"time"
)

// What every HTTP server of assay grants.
const (
	headerWithin = 5 * time.Second  // for the header of a request to arrive
	idleFor      = 90 * time.Second // a connection between two requests; longer than scrapers wait
	mostHeader   = 16 << 10         // bytes
	mostBody     = 256 << 10        // bytes of a request's body, unless HTTP says otherwise
	mostConns    = 128              // strangers, and others, unless HTTP says otherwise
)

// HTTP is a server with limits. Zero fields take the defaults.
type HTTP struct {
	Handler http.Handler
	// Open says that requests need no token. A handler of one that is not open calls Guard, for all that it serves.
	Open  bool
	Hosts []string      // by which it can be called (Host header, without port); nil: any. It keeps web pages of others out
	Body  int64         // most bytes of a request's body; -1: any
	Took  time.Duration // for reading a request and writing its answer; 0: only the header's time is bounded
	Most  int           // connections of strangers, and as many of others
}

// Server serves until Close or Shutdown.
type Server struct {
	*http.Server
	Listener *Listener
	Ended    <-chan error // gets why it ended: http.ErrServerClosed after Close
}

type connKey struct{}

// ConnOf is the connection of a request, of its context; nil when it came by no server of this package.
func ConnOf(ctx context.Context) *Conn {
	c, _ := ctx.Value(connKey{}).(*Conn)
	return c
}

// Serve serves on a listener, in the background.
func (h HTTP) Serve(l net.Listener) *Server {
	ended := make(chan error, 1)
	s := &Server{Listener: Limit(l, cmp.Or(h.Most, mostConns)), Ended: ended, Server: &http.Server{
		Handler: h.bounded(), ReadHeaderTimeout: headerWithin, ReadTimeout: h.Took, WriteTimeout: h.Took, IdleTimeout: idleFor, MaxHeaderBytes: mostHeader,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
	}}
	if h.Open {
		s.ConnState = served
	}
	go func() { ended <- s.Server.Serve(s.Listener) }()
	return s
}

// served counts a connection as proven while a request of it is being answered.
func served(c net.Conn, state http.ConnState) {
	conn, ok := c.(*Conn)
	switch {
	case !ok:
	case state == http.StateActive:
		conn.Prove()
	case state == http.StateIdle:
		conn.Doubt()
	}
}

// bounded refuses other hosts' names and long bodies.
func (h HTTP) bounded() http.Handler {
	most := cmp.Or(h.Body, mostBody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.Hosts != nil && !slices.Contains(h.Hosts, hostOf(r.Host)) {
			w.Header().Set("Connection", "close")
			http.Error(w, "this server has another name", http.StatusMisdirectedRequest)
			return
		}
		if most > 0 {
			r.Body = http.MaxBytesReader(w, r.Body, most)
		}
		h.Handler.ServeHTTP(w, r)
	})
}

func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
