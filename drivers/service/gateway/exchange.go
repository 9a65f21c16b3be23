package gateway

import (
	"net"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// exchange is one request at a server, and its answer on the way to the client.
type exchange struct {
	server *server
	line   *line
	client *client // nil: the request is sent, and net/http has not let go yet
	f      framing

	unsent    []byte        // of the request
	unread    bool          // the server has said something, and it is not read
	unwritten []byte        // of the answer
	at        time.Time     // when the request was there, whole
	added     time.Duration // what the gateway took until it was sent
	counted   bool
}

// attach gives an exchange the client that net/http has let go, and what that has sent early.
func (l *lines) attach(x *exchange, c *client, early []byte) {
	l.mu.Lock()
	defer l.unlock()
	c.again = append(slices.Clone(early), c.again...)
	err := error(net.ErrClosed)
	if !c.closed {
		c.id, err = l.add(c, c.fd)
	}
	if err != nil {
		l.closing = append(l.closing, c.outer)
		x.client = c
		x.gone()
		return
	}
	c.held, c.x, c.unread, x.client = true, x, false, c
	if x.unread {
		x.pump(true)
	}
}

// abandon ends an exchange whose client is lost.
func (l *lines) abandon(x *exchange) {
	l.mu.Lock()
	defer l.unlock()
	x.gone()
}

// readsInTurn is how many reads one server gets while others wait.
const readsInTurn = 16

// pump passes on what the server has said: all, or as much as one read finds when more is told of by an event of its own.
func (x *exchange) pump(all bool) {
	l := x.line.lines
	for reads := 0; x.client != nil && len(x.unwritten) == 0; reads++ {
		if reads == l.turn { // it is told again, behind the others
			_ = l.register(unix.EPOLL_CTL_MOD, x.line.fd, x.line.id)
			return
		}
		n, errno := l.receive(x.line.fd, l.buf[:], 0)
		switch {
		case errno == unix.EAGAIN:
			x.unread = false
			return
		case errno == unix.EINTR:
			continue
		case errno != 0 || n == 0:
			x.ended()
			return
		}
		if x.take(l.buf[:n]); x.line == nil || !all && n < len(l.buf) {
			x.unread = false
			return
		}
	}
	x.unread = true
}

// take passes one piece of the answer on.
func (x *exchange) take(piece []byte) {
	l := x.line.lines
	now := x.now()
	fresh := x.f.code == 0
	out, rest, err := x.f.pass(l.out[:0], piece, l.draining)
	l.out = out[:0]
	if err == errHead {
		x.f.code = 0
		x.broken()
		return
	}
	if fresh && x.f.code != 0 {
		l.g.meters.ended(x.f.code)
	}
	x.f.last = x.f.last || len(rest) > 0
	x.write(out)
	x.count(now)
	switch {
	case x.line == nil: // the client has gone
	case err != nil:
		x.cut()
	case x.f.done && len(x.unwritten) == 0:
		x.finish()
	}
}

// now is the time, as long as it is needed.
func (x *exchange) now() (t time.Time) {
	if !x.counted {
		t = time.Now()
	}
	return t
}

// count takes note of what the gateway added, once: until the first piece of an answer was passed on.
func (x *exchange) count(from time.Time) {
	if x.counted || x.f.code == 0 {
		return
	}
	x.counted = true
	x.client.lines.g.meters.added.Observe((time.Since(from) + x.added).Seconds())
}

// write writes to the client, and keeps what it does not take.
func (x *exchange) write(out []byte) {
	if len(out) == 0 {
		return
	}
	n, errno := x.client.lines.write(x.client.fd, out)
	switch {
	case errno != 0 && errno != unix.EAGAIN:
		x.gone()
	case n < len(out):
		x.unwritten = slices.Clone(out[n:])
	}
}

// flush goes on writing to a client that reads again.
func (x *exchange) flush() {
	rest := x.unwritten
	x.unwritten = nil
	if x.write(rest); x.line == nil || len(x.unwritten) > 0 {
		return
	}
	if x.f.done {
		x.finish()
		return
	}
	x.pump(true)
}

// ended is told that the server has ended the connection.
func (x *exchange) ended() {
	x.f.last = true
	out, whole := x.f.end(nil)
	switch {
	case whole:
		if x.write(out); x.line != nil && len(x.unwritten) == 0 {
			x.finish()
		}
	case x.f.code == 0:
		x.broken()
	default:
		x.cut()
	}
}

// broken tells a client that its answer does not come.
func (x *exchange) broken() {
	g := x.line.lines.g
	g.meters.ended(brokenOff.status)
	x.f.code, x.f.done, x.f.last = brokenOff.status, true, true
	if x.write(brokenOff.bytes()); x.line != nil && len(x.unwritten) == 0 {
		x.finish()
	}
}

// gone ends the request of a client that has left, at its server too.
func (x *exchange) gone() {
	if x.f.code == 0 {
		x.line.lines.g.meters.ended(statusGone)
	}
	x.cut()
}

// cut ends both connections.
func (x *exchange) cut() {
	x.release(false)
	if c := x.client; c != nil && c.held {
		c.x = nil
		c.drop()
	}
}

// finish ends an exchange whose answer is with the client.
func (x *exchange) finish() {
	l, c := x.line.lines, x.client
	x.release(!x.f.last && len(x.unsent) == 0)
	if c.x = nil; l.draining {
		c.drop()
		return
	}
	c.since = time.Now()
	c.outer.Doubt()
	if len(c.again) > 0 {
		c.leave(nil)
	} else if c.unread {
		c.next(false)
	}
}

// release gives the line free, or closes it.
func (x *exchange) release(kept bool) {
	n := x.line
	l := n.lines
	l.flying--
	l.g.pool.give(x.server, false)
	x.line, n.x = nil, nil
	if kept = kept && !l.draining && len(l.idle[n.server]) < perServer; !kept {
		n.drop()
		return
	}
	n.since = time.Now()
	l.idle[n.server] = append(l.idle[n.server], n)
}
