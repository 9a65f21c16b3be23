package gateway

import (
	"context"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/suite/loadgen/socket"
)

// lines is one thread that passes answers from servers to clients, with one epoll for all its connections. A piece of an answer costs one
// read and one write; goroutines would add a look that finds nothing, and two changes of threads. It never waits for a server or a
// client, and holds connections only: what a request may do was decided before, and what is not plain is left to net/http.
type lines struct {
	g            *Gateway
	epoll, timer int
	back         *returned

	mu       sync.Mutex
	ends     map[int32]end // connections, of clients and to servers
	last     int32         // key among them
	idle     map[*server][]*line
	flying   int // requests
	draining bool
	empty    chan struct{} // closed when it drains and none is flying
	over     bool
	closing  []net.Conn // once mu is free: their Close takes it
	buf      [pieceSize]byte
	out      []byte
	turn     int // reads that one server gets while others wait
	calls    int // of the kernel that carried something, or waited
}

// end is one connection. Both are called with lines.mu held.
type end interface{ event(events uint32) }

const (
	sweeps     = 500 * time.Millisecond // how often idle connections are looked for
	idleClient = 90 * time.Second       // as package listen grants
)

// threads is how many lines run in this program.
var threads atomic.Int32

func newLines(g *Gateway, l net.Listener, most int) *lines {
	return &lines{g: g, turn: readsInTurn, epoll: -1, timer: -1, ends: map[int32]end{}, idle: map[*server][]*line{}, empty: make(chan struct{}),
		back: &returned{all: make(chan net.Conn, 4*most), over: make(chan struct{}), at: l.Addr()}}
}

// start starts the thread, with the first connection that it gets. Called with mu held.
func (l *lines) start() (err error) {
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if l.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err == nil {
		err = l.register(unix.EPOLL_CTL_ADD, l.timer, 0)
	}
	if err != nil {
		unix.Close(l.epoll)
		l.epoll = -1
		return os.NewSyscallError("timerfd", err)
	}
	go l.run()
	return nil
}

// register tells epoll of a connection, by its key.
func (l *lines) register(op, fd int, key int32) error {
	const edges = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(l.epoll, op, fd, &unix.EpollEvent{Events: edges, Fd: key}))
}

// add begins to watch a connection. Called with mu held.
func (l *lines) add(e end, fd int) (key int32, err error) {
	if l.over {
		return 0, net.ErrClosed
	}
	if l.epoll < 0 {
		if err := l.start(); err != nil {
			return 0, err
		}
	}
	for l.last++; l.last <= 0 || l.ends[l.last] != nil; l.last++ {
		l.last = max(0, l.last)
	}
	if err := l.register(unix.EPOLL_CTL_ADD, fd, l.last); err != nil {
		return 0, err
	}
	if len(l.ends) == 0 {
		l.tick(sweeps, sweeps)
	}
	l.ends[l.last] = e
	return l.last, nil
}

// tick sets the timer, which ends a wait. A time limit of the wait's own would cost each wait.
func (l *lines) tick(first, each time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(first)), Interval: unix.NsecToTimespec(int64(each))}
	_ = unix.TimerfdSettime(l.timer, 0, &spec, nil)
}

// unlock lets others at the lines, and closes what is to be closed.
func (l *lines) unlock() {
	closing := l.closing
	l.closing = nil
	if l.draining && l.flying == 0 {
		select {
		case <-l.empty:
		default:
			close(l.empty)
		}
	}
	l.mu.Unlock()
	for _, c := range closing {
		_ = c.Close()
	}
}

func (l *lines) run() {
	runtime.LockOSThread() // and never unlocks: the thread ends with it, and its short turns
	socket.Own(int(threads.Add(1)))
	defer threads.Add(-1)
	socket.Prompt(true)
	var events [256]unix.EpollEvent
	for {
		n := l.wait(events[:])
		for _, e := range events[:n] {
			l.mu.Lock()
			if to := l.ends[e.Fd]; to != nil {
				to.event(e.Events)
			} else if e.Fd == 0 {
				var ticks [8]byte
				_, _ = unix.Read(l.timer, ticks[:]) // else it does not go on
				l.sweep(time.Now())
			}
			over := l.over
			l.unlock()
			if over {
				unix.Close(l.epoll)
				unix.Close(l.timer)
				return
			}
		}
	}
}

// wait waits for events. While requests are under way it does not tell Go's scheduler, which would look after a sleeping thread all
// the time (socket.Wait); a gateway without requests leaves the scheduler its rest.
func (l *lines) wait(events []unix.EpollEvent) int {
	l.mu.Lock()
	busy := l.flying > 0
	l.calls++
	l.mu.Unlock()
	if busy {
		n, _ := socket.Wait(l.epoll, events)
		return n
	}
	n, err := unix.EpollWait(l.epoll, events, -1)
	if err != nil {
		return 0
	}
	return n
}

// sweep closes what has been idle too long.
func (l *lines) sweep(now time.Time) {
	for s, all := range l.idle {
		kept := slices.DeleteFunc(all, func(n *line) bool {
			old := now.Sub(n.since) > idle-sweeps
			if old {
				n.drop()
			}
			return old
		})
		if len(kept) == 0 {
			delete(l.idle, s)
		} else {
			l.idle[s] = kept
		}
	}
	for _, e := range l.ends {
		if c, ok := e.(*client); ok && c.x == nil && now.Sub(c.since) > idleClient {
			c.drop()
		}
	}
	if len(l.ends) == 0 {
		l.tick(0, 0)
	}
}

// forget ends what lines has of a connection that somebody closes.
func (l *lines) forget(c *client) {
	l.mu.Lock()
	defer l.unlock()
	c.closed = true
	if c.held {
		c.release()
	}
}

// drain ends clients' connections that have nothing to do; others end with their answers.
func (l *lines) drain() {
	l.mu.Lock()
	l.draining = true
	for _, e := range l.ends {
		if c, ok := e.(*client); ok && c.x == nil {
			c.drop()
		}
	}
	l.unlock()
}

// drained waits until all requests have ended.
func (l *lines) drained(ctx context.Context) error {
	select {
	case <-l.empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end closes all connections, and ends the thread.
func (l *lines) end() {
	_ = l.back.Close()
	l.mu.Lock()
	l.over = true
	for _, e := range l.ends {
		switch e := e.(type) {
		case *client:
			e.drop()
		case *line:
			e.drop()
		}
	}
	if l.epoll >= 0 {
		l.tick(1, 0)
	}
	l.unlock()
	for {
		select {
		case c := <-l.back.all:
			_ = c.Close()
		default:
			return
		}
	}
}
