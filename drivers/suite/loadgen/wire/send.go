//go:build linux

package wire

import (
	"context"
	"fmt"
	"time"

	"assay/drivers/suite"
)

// begin starts every request that is due, and returns when the next one will be; -1 when there is none, or when another
// request must end first.
func (l *loop) begin() time.Duration {
	for {
		now, _ := l.clock.Now()
		if l.open {
			i := l.at + l.turn*l.step
			if i >= len(l.requests) {
				return -1
			}
			due := l.start + l.requests[i].Due
			if due > now {
				return due
			}
			if l.full() {
				return -1
			}
			l.turn++
			l.send(i, due, max(due, l.freed), now)
			continue
		}
		if l.full() {
			return -1
		}
		if now < l.start {
			return l.start
		}
		i := int(l.next.Add(1)) - 1
		if i >= len(l.requests) {
			return -1
		}
		l.send(i, now, now, now)
	}
}

func (l *loop) full() bool { return l.bound > 0 && l.inFlight >= l.bound }

// send begins request i, on an idle connection or a new one.
func (l *loop) send(i int, due, free, now time.Duration) {
	o, r := &l.out[i], &l.requests[i]
	o.Due, o.Free, o.Sent = due, free, now
	l.inFlight++
	c := l.take(r.Endpoint, now)
	if c != nil {
		c.reused = true
	} else {
		var err error
		if c, err = l.dial(r.Endpoint); err != nil {
			l.end(nil, i, l.noConnection(r.Endpoint, err), now)
			return
		}
	}
	c.index, c.out = i, r.Bytes
	l.engine.Budget.Grant(r.Grant)
	c.resp.start(r.Events, l.engine.Limit, l.engine.Budget)
	l.started = append(l.started, flight{i, c})
	if c.open {
		l.dispatch(c)
	}
}

// dispatch writes the request of an open connection.
func (l *loop) dispatch(c *conn) {
	o := &l.out[c.index]
	o.Sent, _ = l.clock.Now()
	if err := l.write(c); err != nil {
		l.broken(c, err)
	}
}

// broken ends the request of a connection that gave an error: well when its answer was whole, on a new connection when the server
// had left this one before, else as a failure.
func (l *loop) broken(c *conn, err error) {
	switch {
	case c.left(err):
		l.again(c)
	case c.resp.stream.Done:
		now, _ := l.clock.Now()
		l.end(c, c.index, c.resp.closed(), now)
	default:
		l.fail(c, suite.Failed(err))
	}
}

// again sends a request on a new connection, because the server did not read it on this one.
func (l *loop) again(c *conn) {
	i, r := c.index, &l.requests[c.index]
	l.drop(c)
	fresh, err := l.dial(r.Endpoint)
	if err != nil {
		now, _ := l.clock.Now()
		l.end(nil, i, l.noConnection(r.Endpoint, err), now)
		return
	}
	fresh.index, fresh.out = i, r.Bytes
	fresh.resp.start(r.Events, l.engine.Limit, l.engine.Budget)
	l.started = append(l.started, flight{i, fresh})
}

// fail ends the request of a connection, which is closed.
func (l *loop) fail(c *conn, f *suite.Failure) {
	now, _ := l.clock.Now()
	l.end(c, c.index, f, now)
}

// end records the outcome of a request, and releases its connection or closes it.
func (l *loop) end(c *conn, i int, f *suite.Failure, at time.Duration) {
	o := &l.out[i]
	o.Failure, o.Ended = f, at
	now, _ := l.clock.Now()
	if l.full() {
		l.freed = now
	}
	l.inFlight--
	if c != nil {
		o.Answer = c.resp.stream.Answer
		if c.resp.ended > 0 {
			o.Ended = c.resp.ended
		}
		if c.resp.part == complete && !c.resp.closing && len(c.out) == 0 && c.fd >= 0 {
			l.release(c, now)
		} else {
			l.drop(c)
		}
	}
	l.done()
}

// expire ends the requests that have taken too long. All have the same limit, so the first to begin is the first to
// expire.
func (l *loop) expire() {
	for ; l.oldest < len(l.started); l.oldest++ {
		f := l.started[l.oldest]
		if f.conn.index != f.index {
			continue
		}
		now, _ := l.clock.Now()
		if now-l.out[f.index].Sent < l.engine.Timeout {
			return
		}
		l.end(f.conn, f.index, suite.Failed(fmt.Errorf("no complete answer within %s: %w", l.engine.Timeout, context.DeadlineExceeded)), now)
	}
}
