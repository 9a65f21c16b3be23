//go:build linux

package wire

import (
	"context"
	"fmt"
	"time"

	"assay/drivers/suite"
)

// soon is how long a loop waits for a request that is not there yet.
const soon = 100 * time.Microsecond

// begin starts every request that is due, and returns when the next one will be; -1 when there is none, or when another
// request must end first.
func (l *loop) begin() time.Duration {
	for {
		now, _ := l.clock.Now()
		if now >= l.until || l.full() {
			return -1
		}
		if l.Schedule == nil && now < l.Start {
			return l.Start
		}
		i := l.upcoming()
		if i >= l.Count {
			return -1
		}
		due, free := now, now
		switch {
		case l.Schedule != nil:
			due = l.Start + l.Schedule[i]
			free = max(due, l.freed)
		case len(l.slots) > 0: // the answer that made room is there since then
			due, free = l.slots[0], l.slots[0]
		}
		if due > now {
			if due >= l.until {
				return -1
			}
			return due
		}
		r := l.Request(i)
		if r == nil {
			return now + soon
		}
		if l.wanted, l.turn = -1, l.turn+1; len(l.slots) > 0 {
			l.slots = l.slots[1:]
		}
		l.send(i, r, due, free, now)
	}
}

// upcoming is the next request of this loop, the same until it is begun.
func (l *loop) upcoming() int {
	if l.Schedule != nil {
		return l.at + l.turn*l.step
	}
	if l.wanted < 0 {
		l.wanted = int(l.next.Add(1)) - 1
	}
	return l.wanted
}

func (l *loop) full() bool { return l.Bound > 0 && l.inFlight >= l.Bound }

// send begins request i, on an idle connection or a new one.
func (l *loop) send(i int, r *Request, due, free, now time.Duration) {
	o := Outcome{Due: due, Free: free, Sent: now}
	l.inFlight++
	c := l.take(r.Endpoint, now)
	if c != nil {
		c.reused = true
	} else {
		var err error
		if c, err = l.dial(r.Endpoint); err != nil {
			o.Failure, o.Ended = l.noConnection(r.Endpoint, err), now
			l.over(i, &o)
			return
		}
	}
	c.index, c.request, c.out, c.at, c.read, c.outcome = i, r, r.Bytes, 0, 0, o
	l.engine.Budget.Grant(r.Grant)
	c.resp.start(r.Events, l.engine.Limit, l.engine.Budget)
	l.started = append(l.started, flight{i, c})
	if c.open {
		l.dispatch(c)
	}
}

// dispatch writes the request of an open connection.
func (l *loop) dispatch(c *conn) {
	o := &c.outcome
	o.Sent, _ = l.clock.Now()
	if err := l.write(c); err != nil {
		l.broken(c, err)
		return
	}
	now, _ := l.clock.Now()
	o.Blur = now - o.Sent
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
	i, r, o := c.index, c.request, c.outcome
	l.drop(c)
	fresh, err := l.dial(r.Endpoint)
	if err != nil {
		o.Failure = l.noConnection(r.Endpoint, err)
		o.Ended, _ = l.clock.Now()
		l.over(i, &o)
		return
	}
	fresh.index, fresh.request, fresh.out, fresh.outcome = i, r, r.Bytes, o
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
	o := &c.outcome
	o.Failure, o.Ended, o.Answer = f, at, c.resp.stream.Answer
	if c.resp.ended > 0 {
		o.Ended = c.resp.ended
	}
	l.over(i, o)
	now, _ := l.clock.Now()
	if c.resp.part == complete && !c.resp.closing && len(c.out) == 0 && c.fd >= 0 {
		l.release(c, now)
	} else {
		l.drop(c)
	}
}

// over hands an outcome on. The room that it leaves is there since the answer was complete.
func (l *loop) over(i int, o *Outcome) {
	if l.full() {
		l.freed = o.Ended
	}
	if l.Schedule == nil {
		l.slots = append(l.slots, o.Ended)
	}
	l.inFlight--
	l.crowd.ended(o.Ended - o.Sent)
	l.Ended(i, o)
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
		if now-f.conn.outcome.Sent < l.engine.Timeout {
			break
		}
		l.end(f.conn, f.index, suite.Failed(fmt.Errorf("no complete answer within %s: %w", l.engine.Timeout, context.DeadlineExceeded)), now)
	}
	if l.oldest > 1024 && 2*l.oldest > len(l.started) { // a long run must not keep what has ended
		l.started = l.started[:copy(l.started, l.started[l.oldest:])]
		l.oldest = 0
	}
}
