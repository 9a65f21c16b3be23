//go:build linux

package wire

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/socket"
)

// maxIdle is how long an unused connection is kept: vLLM's server closes them after five seconds.
const maxIdle = 4 * time.Second

// conn is a connection, and the request it carries.
type conn struct {
	fd       int
	endpoint int
	began    time.Duration // when connecting began
	open     bool
	writable bool          // whether epoll reports that it can be written to
	idle     time.Duration // since when it carries no request
	reused   bool          // it was open before its request was sent
	index    int           // of the request; -1: idle
	request  *Request      // the last one
	out      []byte        // the rest of the request that is not written yet
	at       time.Duration // when what was read last came
	read     time.Duration // what is not read yet came later
	outcome  Outcome
	resp     response
}

// dial begins to connect.
func (l *loop) dial(endpoint int) (*conn, error) {
	addr := l.engine.addresses[endpoint]
	family := unix.AF_INET
	if _, ok := addr.(*unix.SockaddrInet6); ok {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // for latency only; the connection works without
	_ = socket.Stamped(fd)                                            // without it the time of the read counts
	c := &conn{fd: fd, endpoint: endpoint, index: -1, writable: true}
	c.began, _ = l.clock.Now()
	err = unix.Connect(fd, addr)
	if err != nil && !errors.Is(err, unix.EINPROGRESS) {
		unix.Close(fd)
		return nil, os.NewSyscallError("connect", err)
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP, Fd: int32(fd)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	l.conns[fd] = c
	return c, nil
}

// left reports whether the server had closed the connection before it read the request: the connection had waited for it, no byte
// of an answer came, and the request was refused, or not received. A server that took it and closed has failed it.
func (c *conn) left(err error) bool {
	if !c.reused || c.resp.room != c.resp.limit {
		return false
	}
	unread, failed := unix.IoctlGetInt(c.fd, unix.SIOCOUTQ)
	return errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE) || err == nil && failed == nil && unread > 0
}

// watchWrites switches whether epoll reports that c can be written to.
func (l *loop) watchWrites(c *conn, on bool) {
	if c.writable == on {
		return
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: int32(c.fd)}
	if on {
		event.Events |= unix.EPOLLOUT
	}
	c.writable = on
	_ = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, c.fd, &event) // it fails only for unknown descriptors
}

// drop closes a connection.
func (l *loop) drop(c *conn) {
	delete(l.conns, c.fd)
	unix.Close(c.fd) // leaves the epoll with it
	c.fd, c.index = -1, -1
}

// take removes an open connection from the idle ones, the one used last; nil when there is none.
func (l *loop) take(endpoint int, now time.Duration) *conn {
	idle := l.idle[endpoint]
	for len(idle) > 0 {
		c := idle[len(idle)-1]
		idle = idle[:len(idle)-1]
		l.idle[endpoint] = idle
		if c.fd >= 0 && now-c.idle < maxIdle {
			return c
		}
		if c.fd >= 0 {
			l.drop(c)
		}
	}
	return nil
}

// release puts a connection among the idle ones.
func (l *loop) release(c *conn, now time.Duration) {
	c.index, c.out, c.idle = -1, nil, now
	l.idle[c.endpoint] = append(l.idle[c.endpoint], c)
}

// write sends what the kernel takes.
func (l *loop) write(c *conn) error {
	for len(c.out) > 0 {
		n, err := unix.Write(c.fd, c.out)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			l.watchWrites(c, true)
			return nil
		case err != nil:
			return os.NewSyscallError("write", err)
		default:
			c.out = c.out[n:]
		}
	}
	l.watchWrites(c, false)
	return nil
}

// connected returns nil when the connection is established, ENOTCONN when it is not yet.
func connected(c *conn) error {
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if err == nil {
		_, err = unix.Getpeername(c.fd)
	}
	if err != nil {
		return os.NewSyscallError("connect", err)
	}
	return nil
}

// noConnection is the failure of a request whose connection could not be made.
func (l *loop) noConnection(endpoint int, err error) *suite.Failure {
	return suite.Failed(&net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("%s: %w", l.engine.names[endpoint], err)})
}
