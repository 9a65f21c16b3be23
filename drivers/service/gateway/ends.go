package gateway

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"regexp"
	"sync"
	"sync/atomic"
	"time"
)

// endsSoon is how soon behind an answer a server closes a connection that it does not keep; vLLM keeps one for five seconds.
const endsSoon = time.Second

// ends is whether a server keeps connections behind its answers. llama.cpp's closes one behind each streamed answer, although it
// says that it keeps it: a request that is sent on it meanwhile is lost. So each request has a connection of its own until one
// answer was seen to leave its connection open. Streamed answers and whole ones are looked at apart.
type ends struct {
	kinds  [2]struct{ keeps, looking atomic.Bool }
	closes atomic.Bool // behind one kind or the other
}

var asksStream = regexp.MustCompile(`"stream"\s*:\s*true`)

// kind is that of the answer that a request asks for.
func kind(body []byte) int {
	if asksStream.Match(body) {
		return 1
	}
	return 0
}

// look is a look at one connection, behind the answer on it.
type look struct {
	ends  *ends
	kind  int
	tells bool // behind a refusal servers close connections too
	mu    sync.Mutex
	conn  net.Conn // nil: not made yet
	over  bool     // it was ended
}

type lookKey struct{}

// send sends a request on a connection that was kept, or on one of its own. The look is nil where nothing is looked at; else it is
// to be ended.
func (p *passing) send(r *http.Request, s *server, body []byte) (*http.Response, *look, error) {
	k := kind(body)
	state := &s.ends.kinds[k]
	if !s.ends.closes.Load() {
		if state.keeps.Load() {
			resp, err := p.kept.RoundTrip(r)
			return resp, nil, err
		}
		if state.looking.CompareAndSwap(false, true) {
			l := &look{ends: &s.ends, kind: k}
			resp, err := p.own.RoundTrip(r.WithContext(context.WithValue(r.Context(), lookKey{}, l)))
			if err != nil {
				l.end(false)
				return nil, nil, err
			}
			l.tells = resp.StatusCode/100 == 2
			return resp, l, nil
		}
	}
	resp, err := p.own.RoundTrip(r)
	return resp, nil, err
}

// dial makes a connection, which is held open for the look at it.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: dialWithin}).DialContext(ctx, network, address)
	l, ok := ctx.Value(lookKey{}).(*look)
	if err != nil || !ok {
		return c, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over && l.conn == nil {
		l.conn = c
		c = &held{c, l}
	}
	return c, nil
}

// held is a connection that the end of a look closes.
type held struct {
	net.Conn
	look *look
}

func (c *held) Close() error {
	c.look.mu.Lock()
	defer c.look.mu.Unlock()
	if c.look.over {
		return nil
	}
	return c.SetReadDeadline(time.Now()) // whoever reads it stops
}

// end closes the connection: at once, or behind a whole answer once it is known whether the server does so first.
func (l *look) end(whole bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	l.over = true
	switch {
	case l.conn == nil:
		l.ends.kinds[l.kind].looking.Store(false)
	case !whole || !l.tells:
		_ = l.conn.Close()
		l.ends.kinds[l.kind].looking.Store(false)
	default:
		go l.wait()
	}
}

func (l *look) wait() {
	defer l.ends.kinds[l.kind].looking.Store(false)
	defer l.conn.Close()
	if err := l.conn.SetReadDeadline(time.Now().Add(endsSoon)); err != nil {
		return
	}
	var b [1]byte
	switch n, err := l.conn.Read(b[:]); {
	case n > 0: // what it says has no meaning; the next look tells
	case errors.Is(err, os.ErrDeadlineExceeded):
		l.ends.kinds[l.kind].keeps.Store(true)
	default:
		l.ends.closes.Store(true)
	}
}
