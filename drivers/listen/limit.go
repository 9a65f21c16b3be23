package listen

import (
	"container/list"
	"errors"
	"net"
	"sync"
	"syscall"
)

// Listener accepts a bounded number of connections. Those that have proved who they are and strangers are counted apart, so
// that no number of strangers keeps out who has proved it. When there are too many strangers the oldest is closed: who
// means it proves itself at once, and a connection that only waits goes first.
type Listener struct {
	net.Listener
	most int

	mu        sync.Mutex
	strangers *list.List // of *Conn, the oldest first
	known     int
	cut       int
}

// Limit bounds a listener to most strangers, and to as many connections that have proved themselves.
func Limit(l net.Listener, most int) *Listener {
	return &Listener{Listener: l, most: most, strangers: list.New()}
}

// Conn is a connection of a Listener: a stranger's until Prove is called.
type Conn struct {
	net.Conn
	of     *Listener
	place  *list.Element // among the strangers; nil: it is none
	known  bool
	closed bool
}

// Accept waits for the next connection, which is a *Conn. A process that has no descriptors left closes strangers first.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			if (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)) && l.cutOldest() {
				continue
			}
			return nil, err
		}
		return l.admit(c), nil
	}
}

func (l *Listener) admit(c net.Conn) *Conn {
	for l.strangersNow() >= l.most {
		l.cutOldest()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	out := &Conn{Conn: c, of: l}
	out.place = l.strangers.PushBack(out)
	return out
}

func (l *Listener) strangersNow() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.strangers.Len()
}

// cutOldest closes the oldest stranger, and reports whether there was one.
func (l *Listener) cutOldest() bool {
	l.mu.Lock()
	first := l.strangers.Front()
	if first != nil {
		l.cut++
	}
	l.mu.Unlock()
	if first == nil {
		return false
	}
	_ = first.Value.(*Conn).Close() // its owner learns of it when it reads
	return true
}

// Cut is how many strangers were closed to make room.
func (l *Listener) Cut() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut
}

// Open is how many connections are open now: of strangers, and of those that have proved themselves.
func (l *Listener) Open() (strangers, known int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.strangers.Len(), l.known
}

// Prove says that the other end has proved who it is. While as many have as there may be, it can still be closed to make room.
func (c *Conn) Prove() {
	l := c.of
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.known || c.closed || l.known >= l.most {
		return
	}
	l.strangers.Remove(c.place)
	l.known++
	c.place, c.known = nil, true
}

// Doubt makes it a stranger's again, the youngest.
func (c *Conn) Doubt() {
	l := c.of
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.known || c.closed {
		return
	}
	l.known--
	c.place, c.known = l.strangers.PushBack(c), false
}

// Close closes the connection and gives its place free.
func (c *Conn) Close() error {
	c.leave()
	return c.Conn.Close()
}

func (c *Conn) leave() {
	l := c.of
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	if c.known {
		l.known--
	} else {
		l.strangers.Remove(c.place)
	}
}

// CloseWrite tells the other end that nothing more comes, so that an answer arrives although its request was not read whole.
func (c *Conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}
