package remote

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const dialWithin = 10 * time.Second

// listener has the connections to the port that the laptop opened for this verb. Nothing listens at the site.
type listener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	at    laptopAddress
}

type laptopAddress string

func (laptopAddress) Network() string  { return "tcp" }
func (a laptopAddress) String() string { return string(a) }

func newListener() *listener {
	return &listener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error   { l.end(); return nil }
func (l *listener) Addr() net.Addr { return l.at }
func (l *listener) end()           { l.once.Do(func() { close(l.done) }) }

// Listener has the connections to the laptop's port; its address is that one.
func (s *Session) Listener() (net.Listener, error) {
	if s.request.Listening == "" {
		return nil, errors.New("the laptop has no port for this verb")
	}
	s.accepting.at = laptopAddress(s.request.Listening)
	return s.accepting, nil
}

// Ports has the laptop open ports of its loopback, those that are wished for or the next that are free. They lead to these
// addresses (HOST:PORT), as this machine reaches them, until the verb ends.
func (s *Session) Ports(wished []int, to []string) ([]int, error) {
	if len(wished) > mostPorts {
		return nil, fmt.Errorf("%d ports are more than the %d that can be opened at once: name an experiment, or a service of it", len(wished), mostPorts)
	}
	s.mu.Lock()
	s.forwards = to
	s.mu.Unlock()
	if err := s.w.sendJSON(kindAskPorts, askPorts{wished}); err != nil {
		return nil, err
	}
	select {
	case got := <-s.ports:
		if got.Error != "" {
			return nil, errors.New(got.Error)
		}
		if len(got.Ports) != len(wished) {
			return nil, fmt.Errorf("the laptop has %d ports for %d", len(got.Ports), len(wished))
		}
		return got.Ports, nil
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	}
}

// serveStream answers POST /stream/N: a connection to the laptop's port number N.
func (s *Session) serveStream(w http.ResponseWriter, r *http.Request) {
	c, err := s.reach(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer c.Close()
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w).Flush
	if flush() != nil {
		return
	}
	go func() {
		_, err := io.Copy(c, r.Body)
		if half, ok := c.(interface{ CloseWrite() error }); ok && err == nil {
			_ = half.CloseWrite() // the answer may still come
			return
		}
		_ = c.Close()
	}()
	_, _ = io.Copy(flushing{w, flush}, c) // how it ended shows as an end
}

// reach connects to what a port of the laptop stands for.
func (s *Session) reach(r *http.Request) (net.Conn, error) {
	n, err := strconv.Atoi(r.PathValue("number"))
	s.mu.Lock()
	forwards := s.forwards
	s.mu.Unlock()
	switch {
	case err != nil || n < 0:
		return nil, errors.New("no such stream")
	case n < len(forwards):
		d := net.Dialer{Timeout: dialWithin}
		return d.DialContext(r.Context(), "tcp", forwards[n])
	case n > 0 || len(forwards) > 0:
		return nil, errors.New("no such stream")
	}
	ours, theirs, err := pair()
	if err != nil {
		return nil, err
	}
	select {
	case s.accepting.conns <- theirs:
		return ours, nil
	case <-s.accepting.done:
	case <-r.Context().Done():
	}
	_, _ = ours.Close(), theirs.Close()
	return nil, net.ErrClosed
}

// flushing sends what is written at once.
type flushing struct {
	w     io.Writer
	flush func() error
}

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		err = f.flush()
	}
	return n, err
}

// pair are the two ends of a connection inside this process: sockets, because servers need deadlines.
func pair() (a, b net.Conn, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("making a pair of sockets: %w", err)
	}
	if a, err = connOf(fds[0]); err == nil {
		if b, err = connOf(fds[1]); err == nil {
			return a, b, nil
		}
		_ = a.Close()
		return nil, nil, err
	}
	_ = syscall.Close(fds[1])
	return nil, nil, err
}

func connOf(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "stream")
	defer f.Close()
	return net.FileConn(f)
}
