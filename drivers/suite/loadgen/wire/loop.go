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
	finds    finds
	parts    [manyParts]int // of what is being read apart
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
	l.watch, l.crowd, l.finds, l.armed = look{}, crowd{}, finds{}, 0
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

// read reads what has arrived.
func (l *loop) read(c *conn) {
	if l.readApart(c) {
		return
	}
	piece, stamp, err := l.recv.Read(c.fd)
	had := len(c.resp.stream.Events)
	l.received(c, piece, stamp, err, true)
	l.crowd.packets(max(0, len(c.resp.stream.Events)-had), l.watch.since > 0)
}

// received feeds a piece to the response, with its time. all: nothing was left behind it.
func (l *loop) received(c *conn, piece []byte, stamp time.Duration, err error, all bool) {
	if err == unix.EAGAIN || err == unix.EINTR {
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
		if l.crowd.blind = stamp == 0; stamp > 0 { // bounded, because the wall clock can have been set meanwhile
			at = min(now, max(stamp-ahead, o.Sent, c.at))
			o.Behind = max(o.Behind, now-at)
		}
		events := c.resp.stream.Events
		f := c.resp.feed(piece, at)
		l.judge(c, events, at)
		if c.at, c.read = at, at; all {
			c.read = now
		}
		if f != nil {
			l.fail(c, f)
		} else if c.resp.part == complete {
			l.end(c, c.index, c.resp.verdict(), at)
		}
	}
}

// judge notes how well the new events of a connection are told apart.
func (l *loop) judge(c *conn, before []time.Duration, at time.Duration) {
	added := len(c.resp.stream.Events) - len(before)
	blur := time.Duration(0)
	if added > 1 {
		blur = l.watch.blur(at, max(c.outcome.Sent, c.read))
		c.outcome.Blur = max(c.outcome.Blur, blur)
	}
	switch {
	case blur > 0:
		l.crowd.apart(0)
	case added > 0 && len(before) > 0:
		l.crowd.apart(at - before[len(before)-1])
	}
}
