//go:build linux

package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/socket"
	"assay/drivers/suite/selfwatch"
)

// loop is one thread's part of an engine.
type loop struct {
	engine *Engine
	epoll  int
	timer  int
	clock  socket.Clock
	recv   *socket.Receiver
	events [256]unix.EpollEvent
	conns  map[int]*conn // by descriptor
	idle   [][]*conn     // by endpoint; closed ones among them have fd -1
	armed  time.Duration // when the timer goes off; 0: it is not set

	job
	inFlight int
	turn     int             // how many requests of its share were begun, in an open loop
	wanted   int             // the request of a closed loop that is not there yet; -1: none
	started  []flight        // in the order of their beginning
	oldest   int             // index of the first of them that perhaps has not ended
	freed    time.Duration   // when the bound last held back a request until
	slots    []time.Duration // of a closed loop: when each slot that is empty became so
	watch    look
	crowd    crowd
}

// flight is a request that was begun. It has ended when its connection carries another request, or is idle.
type flight struct {
	index int
	conn  *conn
}

// job is a loop's share of a run: every step-th request of an open loop, the next ones of a closed loop.
type job struct {
	Work
	Load
	until    time.Duration // no request begins later
	next     *atomic.Int64
	step, at int
}

// connect opens n connections, for up to ten seconds.
func (l *loop) connect(ctx context.Context, n int) error {
	for i := range n {
		if _, err := l.dial(i % len(l.engine.addresses)); err != nil {
			break // such as out of descriptors: the open ones have to do
		}
	}
	now, _ := l.clock.Now()
	for until := now + 10*time.Second; now < until && ctx.Err() == nil && l.connecting(); now, _ = l.clock.Now() {
		if err := l.wait(now, now+selfwatch.Tick); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (l *loop) connecting() bool {
	for _, c := range l.conns {
		if !c.open {
			return true
		}
	}
	return false
}

// run does a job, on a thread of its own: when the timer goes off it must not wait for one.
func (l *loop) run(ctx context.Context, j job) (selfwatch.Thread, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer socket.Prompt(j.Schedule != nil)()
	l.job, l.started, l.slots = j, nil, nil
	l.inFlight, l.turn, l.wanted, l.oldest, l.freed = 0, 0, -1, 0, 0
	l.watch, l.crowd, l.armed = look{}, crowd{}, 0
	before := selfwatch.Here()
	err := l.work(ctx)
	thread := selfwatch.Here().Since(before)
	thread.Late = l.watch.late
	return thread, err
}

// work begins what is due and handles what arrives until all is done, or ctx ends.
func (l *loop) work(ctx context.Context) error {
	for ctx.Err() == nil {
		due := l.begin()
		if l.inFlight == 0 && due < 0 {
			return nil
		}
		now, _ := l.clock.Now()
		until := now + selfwatch.Tick
		if due >= 0 {
			until = min(until, due)
		}
		if err := l.wait(now, until); err != nil {
			return err
		}
		l.expire()
	}
	for _, c := range l.conns {
		if c.index >= 0 {
			l.fail(c, suite.Failed(context.Cause(ctx)))
		}
	}
	return ctx.Err()
}

// handle handles an event of a connection.
func (l *loop) handle(c *conn, events uint32) {
	if !c.open {
		l.handleConnect(c)
		return
	}
	if events&unix.EPOLLOUT != 0 && c.index >= 0 {
		if err := l.write(c); err != nil {
			l.broken(c, err)
			return
		}
	}
	if events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		l.read(c)
	}
}

func (l *loop) handleConnect(c *conn) {
	err := connected(c)
	now, _ := l.clock.Now()
	switch {
	case errors.Is(err, unix.ENOTCONN): // a late event of another socket with this number
	case err != nil && c.index >= 0:
		l.end(c, c.index, l.noConnection(c.endpoint, err), now)
	case err != nil:
		l.drop(c)
	case c.index >= 0:
		c.open = true
		c.outcome.Connect = now - c.began
		l.dispatch(c)
	default:
		c.open = true
		l.watchWrites(c, false)
		l.release(c, now)
	}
}

// read feeds what has arrived to the response, with its time.
func (l *loop) read(c *conn) {
	piece, stamp, err := l.recv.Read(c.fd)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return
	}
	now, ahead := l.clock.Now()
	switch {
	case c.index < 0: // idle: the server closed it, or sent something unasked
		l.drop(c)
	case err != nil:
		l.broken(c, fmt.Errorf("reading the answer: %w", os.NewSyscallError("recvmsg", err)))
	case len(piece) == 0 && c.left(nil):
		l.again(c)
	case len(piece) == 0:
		l.end(c, c.index, c.resp.closed(), now)
	default:
		o, at := &c.outcome, now
		if stamp > 0 { // bounded, because the wall clock can have been set meanwhile
			at = min(now, max(stamp-ahead, o.Sent))
			o.Behind = max(o.Behind, now-at)
		}
		had := len(c.resp.stream.Events)
		f := c.resp.feed(piece, at)
		if len(c.resp.stream.Events) > had+1 {
			o.Blur = max(o.Blur, l.watch.blur(at, max(o.Sent, c.read)))
		}
		c.read = now
		if f != nil {
			l.fail(c, f)
		} else if c.resp.part == complete {
			l.end(c, c.index, c.resp.verdict(), at)
		}
	}
}
