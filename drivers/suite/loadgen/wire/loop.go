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
)

// tick bounds every wait, so that a stop is seen.
const tick = 50 * time.Millisecond

// loop is one thread's part of an engine.
type loop struct {
	engine *Engine
	epoll  int
	timer  int
	clock  socket.Clock
	recv   *socket.Receiver
	events [256]unix.EpollEvent
	conns  map[int]*conn // by descriptor
	idle   [][]*conn     // by endpoint; some may be closed (fd -1)
	armed  time.Duration // when the timer goes off; 0: it does not

	job
	inFlight int
	turn     int           // how many requests of its share were begun, in an open loop
	started  []flight      // in the order of their beginning
	oldest   int           // of those, the first that may not have ended
	freed    time.Duration // when the bound last let go of the schedule
}

// flight is a request that was begun. It has ended when its connection carries another, or none.
type flight struct {
	index int
	conn  *conn
}

// job is a loop's share of a run: every step-th request of an open loop, whatever is next of a closed one.
type job struct {
	requests []Request
	out      []Outcome
	open     bool
	bound    int
	start    time.Duration
	done     func()
	next     *atomic.Int64
	step, at int
}

func newLoop(e *Engine) (*loop, error) {
	l := &loop{engine: e, epoll: -1, timer: -1, clock: socket.NewClock(), recv: socket.NewReceiver(), conns: map[int]*conn{}, idle: make([][]*conn, len(e.addresses))}
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if l.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		l.close()
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(l.timer)}
	if err = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, l.timer, &event); err != nil {
		l.close()
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	return l, nil
}

func (l *loop) close() {
	for _, c := range l.conns {
		unix.Close(c.fd)
	}
	for _, fd := range []int{l.timer, l.epoll} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	l.conns, l.timer, l.epoll = nil, -1, -1
}

// connect opens n connections, for up to ten seconds.
func (l *loop) connect(ctx context.Context, n int) error {
	for i := range n {
		if _, err := l.dial(i % len(l.engine.addresses)); err != nil {
			break // out of descriptors, say: what is there has to do
		}
	}
	now, _ := l.clock.Now()
	for until := now + 10*time.Second; now < until && ctx.Err() == nil && l.connecting(); now, _ = l.clock.Now() {
		if err := l.wait(now + tick); err != nil {
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

// run does a job. Its thread is its own: a timer that goes off must not wait for one.
func (l *loop) run(ctx context.Context, j job) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l.job, l.started = j, nil
	l.inFlight, l.turn, l.oldest, l.freed = 0, 0, 0, 0
	for ctx.Err() == nil {
		due := l.begin()
		if l.inFlight == 0 && due < 0 {
			return nil
		}
		now, _ := l.clock.Now()
		until := now + tick
		if due >= 0 {
			until = min(until, due)
		}
		if err := l.wait(until); err != nil {
			return err
		}
		l.expire()
	}
	return ctx.Err()
}

// begin starts every request whose time has come and says when the next one's will; -1 when there is none, or when
// one has to end first.
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

func (l *loop) send(i int, due, free, now time.Duration) {
	o, r := &l.out[i], &l.requests[i]
	o.Due, o.Free, o.Sent = due, free, now
	l.inFlight++
	c := l.take(r.Endpoint, now)
	if c == nil {
		var err error
		if c, err = l.dial(r.Endpoint); err != nil {
			l.end(nil, i, l.noConnection(r.Endpoint, err), now)
			return
		}
	}
	c.index, c.out = i, r.Bytes
	c.resp.start(r.Events)
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
		l.fail(c, suite.Failed(err))
	}
}

// wait handles what happens until the given moment, and returns after the first of it.
func (l *loop) wait(until time.Duration) error {
	if err := l.arm(until); err != nil {
		return err
	}
	n, err := socket.Wait(l.epoll, l.events[:])
	if err != nil {
		return err
	}
	for _, event := range l.events[:n] {
		if int(event.Fd) == l.timer {
			var b [8]byte
			_, _ = unix.Read(l.timer, b[:]) // only to make it silent
			l.armed = 0
			continue
		}
		if c := l.conns[int(event.Fd)]; c != nil {
			l.handle(c, event.Events)
		}
	}
	return nil
}

// arm sets the timer, unless it goes off soon enough anyway.
func (l *loop) arm(until time.Duration) error {
	if l.armed > 0 && l.armed <= until {
		return nil
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(1, until)))}
	if err := unix.TimerfdSettime(l.timer, unix.TFD_TIMER_ABSTIME, &spec, nil); err != nil {
		return os.NewSyscallError("timerfd_settime", err)
	}
	l.armed = until
	return nil
}

func (l *loop) handle(c *conn, events uint32) {
	if !c.open {
		l.handleConnect(c)
		return
	}
	if events&unix.EPOLLOUT != 0 && c.index >= 0 {
		if err := l.write(c); err != nil {
			l.fail(c, suite.Failed(err))
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
	case errors.Is(err, unix.ENOTCONN): // an event of another socket that had this number
	case err != nil && c.index >= 0:
		l.end(c, c.index, l.noConnection(c.endpoint, err), now)
	case err != nil:
		l.drop(c)
	case c.index >= 0:
		c.open = true
		l.out[c.index].Connect = now - c.began
		l.dispatch(c)
	default:
		c.open = true
		l.watchWrites(c, false)
		l.rest(c, now)
	}
}

func (l *loop) read(c *conn) {
	piece, stamp, err := l.recv.Read(c.fd)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return
	}
	now, ahead := l.clock.Now()
	switch {
	case c.index < 0: // nothing is expected: the server closed it, or says what nobody asked
		l.drop(c)
	case err != nil:
		l.fail(c, suite.Failed(fmt.Errorf("read the answer: %w", os.NewSyscallError("recvmsg", err))))
	case len(piece) == 0:
		l.end(c, c.index, c.resp.closed(), now)
	default:
		at := now
		if stamp > 0 { // a wall clock that was set meanwhile must not move it out of its bounds
			o := &l.out[c.index]
			at = min(now, max(stamp-ahead, o.Sent))
			o.Behind = max(o.Behind, now-at)
		}
		if f := c.resp.feed(piece, at); f != nil {
			l.fail(c, f)
		} else if c.resp.part == complete {
			l.end(c, c.index, c.resp.verdict(), at)
		}
	}
}

// fail ends the request of a connection that is of no more use.
func (l *loop) fail(c *conn, f *suite.Failure) {
	now, _ := l.clock.Now()
	l.end(c, c.index, f, now)
}

// end notes what became of a request. Its connection goes back unless something is wrong with it.
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
			l.rest(c, now)
		} else {
			l.drop(c)
		}
	}
	l.done()
}

// expire ends what has taken too long. All requests have the same time, so the first to begin is the first to expire.
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
