package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

var (
	errNone = errors.New("no server is Ready")
	errKey  = errors.New("the key is another server's")
)

// passing sends a request to a server, and to another one as long as nothing was sent.
type passing struct {
	g         *Gateway
	kept, own *http.Transport // own keeps no connection behind an answer
}

// RoundTrip gets a request that the reverse proxy has made for it alone, and changes it for each server.
func (p *passing) RoundTrip(r *http.Request) (*http.Response, error) {
	g, a := p.g, r.Context().Value(askedKey{}).(*asked)
	deadline := a.at.Add(g.Wait)
	var tried []*server
	for waited := false; ; {
		s, changed := g.pool.take(a.model, tried)
		if s == nil {
			if !waited {
				waited = true
				g.meters.waited.Inc()
			}
			tried = nil
			if !pause(r.Context(), changed, deadline) {
				return nil, errNone
			}
			continue
		}
		if !g.AddKey && !may(r, s) {
			g.pool.give(s, false)
			return nil, errKey
		}
		g.aim(r, s, a.body)
		began := time.Now()
		resp, l, err := p.send(r, s, a.body)
		if err == nil {
			g.meters.ended(resp.StatusCode)
			now := time.Now()
			resp.Body = &answer{ReadCloser: resp.Body, g: g, from: s, look: l, last: now, added: began.Sub(a.at), counts: len(tried) == 0 && !waited}
			return resp, nil
		}
		g.pool.give(s, unsent(err))
		if !unsent(err) || r.Context().Err() != nil {
			return nil, err
		}
		g.meters.again.Inc()
		tried = append(tried, s)
	}
}

// aim makes a request one to a server.
func (g *Gateway) aim(r *http.Request, s *server, body []byte) {
	r.URL.Scheme, r.URL.Host, r.Host = s.at.Scheme, s.at.Host, s.at.Host
	r.Body, r.ContentLength = http.NoBody, int64(len(body))
	if len(body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if g.AddKey && s.secret != "" {
		r.Header.Set("Authorization", "Bearer "+s.secret)
	}
}

// pause waits for the list to change, or a moment; false when the time for that is over.
func pause(ctx context.Context, changed <-chan struct{}, deadline time.Time) bool {
	left := time.Until(deadline)
	if left <= 0 {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-changed:
	case <-time.After(min(left, restFor/4)): // one that refused can be back
	}
	return true
}

// unsent reports whether certainly nothing of a request was sent: there was no connection.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// answer is the body of a server's answer. Its first piece is there when the first Read returns, and has been passed on when
// the second one is asked for; its end is noticed once.
type answer struct {
	io.ReadCloser
	g      *Gateway
	from   *server
	look   *look         // nil: none
	whole  bool          // it came to its end
	last   time.Time     // when something of it was there
	added  time.Duration // what the gateway took until then
	counts bool          // it had to wait for nothing else
	reads  int
}

func (a *answer) Read(b []byte) (int, error) {
	count := a.counts && a.reads < 2
	if count {
		a.count()
	}
	n, err := a.ReadCloser.Read(b)
	if count {
		a.last = time.Now()
	}
	a.whole = a.whole || err == io.EOF
	return n, err
}

func (a *answer) count() {
	a.added += time.Since(a.last)
	if a.reads++; a.reads == 2 {
		a.g.meters.added.Observe(a.added.Seconds())
	}
}

func (a *answer) Close() error {
	if a.counts && a.reads == 1 { // it was one piece
		a.count()
	}
	if a.from != nil {
		a.g.pool.give(a.from, false)
		a.from = nil
	}
	err := a.ReadCloser.Close()
	if a.look != nil {
		a.look.end(a.whole)
	}
	return err
}
