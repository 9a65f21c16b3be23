package gateway

import (
	"net"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/listen"
)

// client is the connection of a client. net/http has it first; once a request on it went straight to a server, lines has it,
// until something comes that is net/http's to judge.
type client struct {
	*net.TCPConn
	fd    int
	from  string // the address, without port
	lines *lines
	again []byte // what lines has read, and net/http has not

	// Only lines uses these, and only while it holds the connection (lines.mu).
	held, closed bool
	id           int32
	outer        *listen.Conn
	x            *exchange // nil: it is between two requests
	unread       bool      // something came while a request was under way
	since        time.Time // when it had nothing to do last
}

// Read reads first what came before net/http had the connection.
func (c *client) Read(b []byte) (int, error) {
	if len(c.again) > 0 {
		n := copy(b, c.again)
		c.again = c.again[n:]
		return n, nil
	}
	return c.TCPConn.Read(b)
}

// Close ends the connection, whoever has it.
func (c *client) Close() error {
	c.lines.forget(c)
	return c.TCPConn.Close()
}

// event tells a client's connection that the client reads on, has sent something, or has left.
func (c *client) event(events uint32) {
	ends := events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	x := c.x
	switch {
	case x == nil && (ends || events&unix.EPOLLIN != 0):
		c.next(ends)
	case x == nil:
	case ends: // as net/http sees it: who sends no more has left
		x.gone()
	default:
		c.unread = c.unread || events&unix.EPOLLIN != 0
		if len(x.unwritten) > 0 && events&unix.EPOLLOUT != 0 {
			x.flush()
		}
	}
}

// next reads the next request. One that is whole and plain goes straight to a server; any other is net/http's, and that of a client
// which has left.
func (c *client) next(left bool) {
	l := c.lines
	c.unread = false
	n, errno := l.receive(c.fd, l.buf[:], 0)
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
	case errno != 0 || n == 0:
		c.drop()
	case left || !c.straight(l.buf[:n]):
		c.leave(l.buf[:n])
	}
}

// straight sends a request that was read to a server that keeps its connections, on a line that waits for one.
func (c *client) straight(in []byte) bool {
	l := c.lines
	g := l.g
	at := time.Now()
	if l.draining {
		return false
	}
	q, ok := nextOf(in)
	if !ok {
		return false
	}
	s := g.chosen(&q)
	if s == nil {
		return false
	}
	l.out = g.appendLine(l.out[:0], s, q.path)
	l.out = q.appendFields(l.out, g.dropped(s))
	l.out = append(g.appendRest(l.out, s, c.from, q.host, len(q.body)), q.body...)
	x := &exchange{server: s, at: at, client: c}
	if !l.onKept(x, l.out) {
		g.pool.leave(s)
		return false
	}
	c.x = x
	c.outer.Prove()
	return true
}

// leave gives the connection back to net/http, with what was read of it.
func (c *client) leave(read []byte) {
	c.again = append(c.again, slices.Clone(read)...)
	l := c.lines
	c.release()
	_ = l.register(unix.EPOLL_CTL_DEL, c.fd, 0)
	select {
	case l.back.all <- c.outer:
	default: // there are never so many
		l.closing = append(l.closing, c.outer)
	}
}

// drop closes the connection, and ends its request.
func (c *client) drop() {
	c.release()
	c.lines.closing = append(c.lines.closing, c.outer)
}

// release takes the connection from lines, and ends its request.
func (c *client) release() {
	if !c.held {
		return
	}
	c.held = false
	delete(c.lines.ends, c.id)
	if x := c.x; x != nil {
		c.x = nil
		x.gone()
	}
}
