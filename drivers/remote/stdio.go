package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// magic is how assay at the site says that it is there. A new form of the protocol gets a new number.
const magic = "\x00assay-remote 1\n"

const (
	pingAfter   = 15 * time.Second // of silence
	pongWithin  = 45 * time.Second
	mostStreams = 2000 // at once: connections to ports of the laptop
)

// pipe is the connection between the two sides.
type pipe struct {
	io.Reader
	io.Writer
	close  func() error
	once   sync.Once
	closed chan struct{}
}

func newPipe(r io.Reader, w io.Writer, close func() error) *pipe {
	return &pipe{Reader: r, Writer: w, close: close, closed: make(chan struct{})}
}

func (p *pipe) Close() (err error) {
	p.once.Do(func() { close(p.closed); err = p.close() })
	return err
}

type address struct{}

func (address) Network() string { return "ssh" }
func (address) String() string  { return "ssh" }

func (p *pipe) LocalAddr() net.Addr              { return address{} }
func (p *pipe) RemoteAddr() net.Addr             { return address{} }
func (p *pipe) SetDeadline(time.Time) error      { return nil } // silence is found by pings
func (p *pipe) SetReadDeadline(time.Time) error  { return nil }
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }

// one is a listener with a single connection.
type one struct {
	p     *pipe
	taken bool
}

func (l *one) Accept() (net.Conn, error) {
	if !l.taken {
		l.taken = true
		return l.p, nil
	}
	<-l.p.closed
	return nil, net.ErrClosed
}

func (l *one) Close() error   { return nil }
func (l *one) Addr() net.Addr { return address{} }

func protocols() *http.Protocols {
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	return &p
}

func settings() *http.HTTP2Config {
	return &http.HTTP2Config{MaxConcurrentStreams: mostStreams, SendPingTimeout: pingAfter, PingTimeout: pongWithin}
}

// client sends requests over a pipe.
func client(p *pipe) *http.Transport {
	dialled := false
	var mu sync.Mutex
	return &http.Transport{Protocols: protocols(), HTTP2: settings(), DisableCompression: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			if dialled {
				return nil, errors.New("there is one connection, and it has ended")
			}
			dialled = true
			return p, nil
		}}
}
