package gateway

import (
	"context"
	"net"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// line is a connection to a server.
type line struct {
	lines  *lines
	server *server
	fd     int
	id     int32
	x      *exchange // nil: it waits for a request
	since  time.Time // when it had nothing to do last
}

// send sends a request on a kept line, or on a new one. Where it does not, nothing was sent; refused says that the server took no
// connection.
func (l *lines) send(ctx context.Context, x *exchange, request []byte) (sent, refused bool) {
	l.mu.Lock()
	sent = !l.draining && l.onKept(x, request)
	l.unlock()
	if sent {
		return true, false
	}
	fd, err := l.dial(ctx, x.server)
	if err != nil {
		return false, unsent(err)
	}
	l.mu.Lock()
	defer l.unlock()
	n := &line{lines: l, server: x.server, fd: fd}
	if n.id, err = l.add(n, fd); err != nil || l.draining {
		n.drop()
		return false, false
	}
	return n.carry(x, request), false
}

// onKept sends a request on a line that waits for one, if there is one that its server has not left.
func (l *lines) onKept(x *exchange, request []byte) bool {
	for all := l.idle[x.server]; len(all) > 0; all = l.idle[x.server] {
		n := all[len(all)-1]
		l.idle[x.server] = all[:len(all)-1]
		var b [1]byte
		if _, errno := l.receive(n.fd, b[:], unix.MSG_PEEK); errno == unix.EAGAIN && n.carry(x, request) {
			return true
		}
		n.drop()
	}
	return false
}

// dial makes a connection that Go's own poller does not watch: each piece would wake it.
func (l *lines) dial(ctx context.Context, s *server) (fd int, err error) {
	c, err := (&net.Dialer{Timeout: dialWithin}).DialContext(ctx, "tcp", hostPort(s.at.Host))
	if err != nil {
		return -1, err
	}
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return -1, err
	}
	if failed := raw.Control(func(from uintptr) { fd, err = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0) }); failed != nil {
		return -1, failed
	}
	return fd, err
}

func hostPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(host, "80")
}

// carry sends a request on a line. False when nothing of it was sent.
func (n *line) carry(x *exchange, request []byte) bool {
	sent, errno := n.lines.write(n.fd, request)
	if errno != 0 && errno != unix.EAGAIN {
		n.drop()
		return false
	}
	if sent < len(request) {
		x.unsent = slices.Clone(request[sent:])
	}
	x.line, n.x = n, x
	x.added = time.Since(x.at)
	n.lines.flying++
	return true
}

// event tells a line that its server has something, or reads on.
func (n *line) event(events uint32) {
	x := n.x
	ends := events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	if x != nil && ends {
		x.f.last = true
	}
	if x == nil {
		if ends || events&unix.EPOLLIN != 0 { // nobody asked
			n.lines.idle[n.server] = slices.DeleteFunc(n.lines.idle[n.server], func(o *line) bool { return o == n })
			n.drop()
		}
		return
	}
	if len(x.unsent) > 0 && events&unix.EPOLLOUT != 0 {
		sent, errno := n.lines.write(n.fd, x.unsent)
		if x.unsent = x.unsent[sent:]; errno != 0 && errno != unix.EAGAIN {
			x.unsent = nil // what it has to say to that is still read
			x.f.last = true
		}
	}
	if ends || events&unix.EPOLLIN != 0 {
		x.pump(ends)
	}
}

// drop closes a line that is in no list any more, with its exchange.
func (n *line) drop() {
	if n.fd < 0 {
		return
	}
	if x := n.x; x != nil {
		x.cut()
		return
	}
	if n.id != 0 {
		delete(n.lines.ends, n.id)
	}
	unix.Close(n.fd)
	n.fd = -1
}

// receive and write never wait, and do not tell Go's scheduler.
func (l *lines) receive(fd int, b []byte, flags int) (int, syscall.Errno) {
	l.calls++
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), uintptr(flags|unix.MSG_DONTWAIT), 0, 0)
	return int(n), errno
}

func (l *lines) write(fd int, b []byte) (done int, errno syscall.Errno) {
	for done < len(b) {
		l.calls++
		n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[done])), uintptr(len(b)-done), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return done, errno
		}
		done += int(n)
	}
	return done, 0
}
