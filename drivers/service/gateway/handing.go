package gateway

import (
	"net"
	"net/http"
	"sync"

	"assay/drivers/listen"
)

// clients are the connections of a listener, each for one of the lines. One that is none of the kernel's is left to net/http.
type clients struct {
	net.Listener
	lines bundle
	next  int
}

func (l *clients) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	tcp, ok := c.(*net.TCPConn)
	if err != nil || !ok {
		return c, err
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return c, nil
	}
	l.next++ // one goroutine accepts
	out := &client{TCPConn: tcp, lines: l.lines[l.next%len(l.lines)]}
	if raw.Control(func(fd uintptr) { out.fd = int(fd) }) != nil {
		return c, nil
	}
	if out.from, _, err = net.SplitHostPort(tcp.RemoteAddr().String()); err != nil {
		return c, nil
	}
	return out, nil
}

// clientOf is the connection of a request, if it is one that lines can have.
func clientOf(r *http.Request) *client {
	outer := listen.ConnOf(r.Context())
	if outer == nil {
		return nil
	}
	c, ok := outer.Conn.(*client)
	if !ok {
		return nil
	}
	c.outer = outer
	return c
}

// returned gives connections back to net/http.
type returned struct {
	all  chan net.Conn
	over chan struct{}
	once sync.Once
	at   net.Addr
}

func (r *returned) Accept() (net.Conn, error) {
	select {
	case c := <-r.all:
		return c, nil
	case <-r.over:
		return nil, net.ErrClosed
	}
}

func (r *returned) Close() error {
	r.once.Do(func() { close(r.over) })
	return nil
}

func (r *returned) Addr() net.Addr { return r.at }
