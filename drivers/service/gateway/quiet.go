package gateway

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// quiet is a connection whose reads and writes do not tell Go's scheduler that they can wait, as they never do: a socket that
// is not ready is waited for by the poller. Over the loopback or a fast network a write takes the kernel longer than the
// twenty microseconds after which the scheduler takes the processor away from a thread in a system call, wakes another
// thread, and makes the first one wait: for each piece of an answer, on a machine that has other work for its cores.
type quiet struct {
	net.Conn
	raw     syscall.RawConn
	in, out piece
}

// piece is what is being read or written. One at a time, as of any connection.
type piece struct {
	mu    sync.Mutex
	rest  []byte
	n     int
	errno syscall.Errno
	move  func(fd uintptr) (done bool) // made once for each connection
}

// hush makes a connection quiet, if it is one of the kernel's.
func hush(c net.Conn) net.Conn {
	s, ok := c.(*net.TCPConn)
	if !ok {
		return c
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return c
	}
	q := &quiet{Conn: c, raw: raw}
	q.in.move = func(fd uintptr) bool { return q.in.once(unix.SYS_READ, fd) }
	q.out.move = func(fd uintptr) bool {
		for len(q.out.rest) > 0 {
			if !q.out.once(unix.SYS_WRITE, fd) {
				return false
			}
			if q.out.errno != 0 {
				break
			}
		}
		return true
	}
	return q
}

// once reads or writes; false when the socket is not ready.
func (p *piece) once(call, fd uintptr) bool {
	for {
		n, _, errno := unix.RawSyscall(call, fd, uintptr(unsafe.Pointer(&p.rest[0])), uintptr(len(p.rest)))
		switch errno {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		case 0:
			p.n, p.rest = p.n+int(n), p.rest[n:]
		}
		p.errno = errno
		return true
	}
}

func (q *quiet) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n, err := q.do(&q.in, b, q.raw.Read, "read")
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

func (q *quiet) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	return q.do(&q.out, b, q.raw.Write, "write")
}

func (q *quiet) do(p *piece, b []byte, when func(func(uintptr) bool) error, name string) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest, p.n, p.errno = b, 0, 0
	err := when(p.move)
	p.rest = nil
	if err == nil && p.errno != 0 {
		err = &net.OpError{Op: name, Net: "tcp", Source: q.LocalAddr(), Addr: q.RemoteAddr(), Err: os.NewSyscallError(name, p.errno)}
	}
	return p.n, err
}

// CloseWrite tells the other end that nothing more comes.
func (q *quiet) CloseWrite() error { return q.Conn.(*net.TCPConn).CloseWrite() }

// quietListener accepts quiet connections.
type quietListener struct{ net.Listener }

func (l quietListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return hush(c), nil
}

// dialQuiet makes quiet connections.
func dialQuiet(d *net.Dialer) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return hush(c), nil
	}
}
