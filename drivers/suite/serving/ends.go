package serving

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// endsSoon is how soon behind an answer a server closes a connection that it does not keep; vLLM keeps one for five seconds.
const endsSoon = time.Second

// ends sees whether a server closes connections behind its answers. llama.cpp's does so after each streamed one, although it says
// Keep-Alive: a request that is sent on such a connection meanwhile is lost. So each then asks for a connection of its own, and
// the server says that it closes it.
type ends struct{ seen, looking, looked atomic.Bool }

// ask is complete for what is not measured, on a connection of its own, because servers leave behind an error too. After the first
// answer it waits a moment to see whether the server leaves.
func (c *client) ask(ctx context.Context, turn int, id, path string, body []byte) outcome {
	c.http.CloseIdleConnections()
	c.ends.looking.Store(!c.ends.looked.Load())
	defer c.ends.looking.Store(false)
	o := c.complete(ctx, turn, id, path, body)
	if o.failure == nil && !c.ends.looked.Swap(true) {
		select {
		case <-ctx.Done():
		case <-time.After(endsSoon / 10):
		}
	}
	return o
}

const dialWithin = 10 * time.Second

func (e *ends) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: dialWithin}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &watchedConn{Conn: c, ends: e}, nil
}

// watchedConn is read by one goroutine at a time.
type watchedConn struct {
	net.Conn
	ends *ends
	last time.Time // when something came
}

func (c *watchedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	now := time.Now()
	switch {
	case n > 0:
		c.last = now
	case err == io.EOF && c.ends.looking.Load() && !c.last.IsZero() && now.Sub(c.last) < endsSoon:
		c.ends.seen.Store(true)
	}
	return n, err
}

// header is what a request says of its connection.
func (e *ends) header() string {
	if e.seen.Load() {
		return "Connection: close\r\n"
	}
	return ""
}
