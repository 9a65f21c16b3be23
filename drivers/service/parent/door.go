package parent

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"assay/drivers/listen"
)

const (
	mostUnknown = 4096             // connections at a time that have not shown the key
	headTime    = 10 * time.Second // for a client's first request
	dialTime    = 5 * time.Second
)

// Door lets in who has the key.
type Door struct {
	Key string
	To  string // host:port of the server

	ours atomic.Bool // the server's port is known to be this user's
}

// Serve takes connections until l is closed.
func (d *Door) Serve(l net.Listener) {
	unknown := make(chan struct{}, mostUnknown)
	var open sync.WaitGroup
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			break
		}
		if err != nil { // out of descriptors, or a client that has gone
			time.Sleep(10 * time.Millisecond)
			continue
		}
		select {
		case unknown <- struct{}{}:
			open.Go(func() {
				defer c.Close()
				through := d.admit(c)
				<-unknown
				if through != nil {
					defer through.Close()
					join(c, through)
				}
			})
		default:
			_ = c.Close()
		}
	}
	open.Wait()
}

// admit reads the first request of a connection. When it carries the key it is sent on, and through is the connection to the
// server; otherwise it is answered here.
func (d *Door) admit(c net.Conn) (through net.Conn) {
	_ = c.SetDeadline(time.Now().Add(headTime))
	head, req, err := readHead(c)
	if err != nil {
		return nil
	}
	if !d.knows(req) {
		refuse(c, http.StatusUnauthorized, "Unauthorized", "this server asks for a key, as Authorization: Bearer KEY; its owner prints it with: assay key SERVICE")
		return nil
	}
	s, err := d.dial()
	if err != nil {
		refuse(c, http.StatusServiceUnavailable, "Unavailable", err.Error())
		return nil
	}
	_ = c.SetDeadline(time.Time{})
	if _, err := s.Write(head); err != nil {
		_ = s.Close()
		return nil
	}
	return s
}

// knows reports whether a request carries the key.
func (d *Door) knows(r *http.Request) bool {
	given := r.Header.Get("X-Chroma-Token")
	if a := r.Header.Get("Authorization"); a != "" {
		given = a
	}
	if scheme, rest, ok := strings.Cut(given, " "); ok && strings.EqualFold(scheme, "Bearer") {
		given = strings.TrimSpace(rest)
	}
	return listen.Same(given, d.Key)
}

// dial connects to the server, once its port is known to belong to this user.
func (d *Door) dial() (net.Conn, error) {
	s, err := net.DialTimeout("tcp", d.To, dialTime)
	if err != nil {
		return nil, fmt.Errorf("the server does not listen yet, or has ended")
	}
	if !d.ours.Load() {
		if err := ownListener(d.To); err != nil {
			_ = s.Close()
			return nil, err
		}
		d.ours.Store(true)
	}
	return s, nil
}

// join copies in both directions until both have ended. Between two TCP connections the kernel copies.
func join(a, b net.Conn) {
	done := make(chan struct{})
	go func() { one(b, a); close(done) }()
	one(a, b)
	<-done
}

// one copies a direction and tells the receiver of its end. One that failed ends the other direction too.
func one(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		_, _ = to.Close(), from.Close()
		return
	}
	if t, ok := to.(*net.TCPConn); ok {
		_ = t.CloseWrite()
	}
}

func refuse(c net.Conn, status int, word, message string) {
	body := fmt.Sprintf(`{"error":%q,"message":%q}`+"\n", word, message)
	fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
	if t, ok := c.(*net.TCPConn); ok { // what the client still sends is read, so that it gets the answer
		_ = t.CloseWrite()
		_, _ = io.Copy(io.Discard, io.LimitReader(c, maxHead))
	}
}
