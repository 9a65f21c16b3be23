package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"

	"assay/drivers"
)

// MaxBody bounds a request's body, in bytes.
const MaxBody = 64 << 20

const (
	dialWithin = 2 * time.Second
	perServer  = 1024 // idle connections
)

// Gateway passes requests on. Use New.
type Gateway struct {
	Wait   time.Duration // for a server, when there is none; default 30s
	AddKey bool          // clients need no key, and requests get that of their server: only for one user's own connections

	pool   pool
	meters *meters
	proxy  *httputil.ReverseProxy
	log    *slog.Logger
}

// New makes a gateway without servers.
func New(log *slog.Logger) *Gateway {
	g := &Gateway{Wait: 30 * time.Second, log: log}
	g.meters = newMeters(&g.pool)
	dialer := &net.Dialer{Timeout: dialWithin}
	g.proxy = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetXForwarded() }, // pass chooses the server
		FlushInterval: -1,
		ErrorHandler:  g.failed,
		ErrorLog:      slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ModifyResponse: func(r *http.Response) error {
			g.meters.ended(r.StatusCode)
			return nil
		},
		Transport: &passing{g, &http.Transport{DialContext: dialer.DialContext, DisableCompression: true, MaxIdleConnsPerHost: perServer, IdleConnTimeout: 30 * time.Second}},
	}
	return g
}

// Set replaces the servers.
func (g *Gateway) Set(all []drivers.Upstream) {
	g.pool.set(all, func(u drivers.Upstream) string {
		secret, err := key(u)
		if err != nil {
			g.log.Error("a server's key cannot be read, so nobody gets in there", "server", u.URL, "error", err)
			return unreadable
		}
		return secret
	})
}

// unreadable is a key that no request can carry: a header holds no line feed.
const unreadable = "\n"

// asked is what pass has to know of a request; it travels in its context.
type asked struct {
	model string
	body  []byte
	at    time.Time
}

type askedKey struct{}

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/-/live":
		_, _ = io.WriteString(w, "live\n")
		return
	case "/-/metrics":
		g.meters.handler().ServeHTTP(w, r)
		return
	}
	if all := g.pool.all(""); len(all) > 0 && !g.AddKey && !may(r, all) {
		g.refuse(w, http.StatusUnauthorized, "this server asks for a key: Authorization: Bearer KEY (assay key SERVICE prints it)")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		g.refuse(w, http.StatusRequestEntityTooLarge, "the request could not be read, or is larger than 64 MiB")
		return
	}
	a := asked{body: body, at: time.Now()}
	if all := g.pool.all(""); len(all) > 0 && several(all) {
		if r.Method == http.MethodGet && r.URL.Path == "/v1/models" {
			g.meters.ended(http.StatusOK)
			models(w, all)
			return
		}
		if a.model = modelOf(body); a.model != "" && len(g.pool.all(a.model)) == 0 {
			g.refuse(w, http.StatusNotFound, "no server here serves the model that the request names; GET /v1/models lists those that are served")
			return
		}
	}
	r = r.WithContext(context.WithValue(r.Context(), askedKey{}, a))
	r.Body = io.NopCloser(bytes.NewReader(body))
	g.proxy.ServeHTTP(w, r)
}

// refuse answers in OpenAI's form for errors.
func (g *Gateway) refuse(w http.ResponseWriter, code int, message string) {
	g.meters.ended(code)
	w.Header().Set("Content-Type", "application/json")
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(code)
	_, _ = io.WriteString(w, `{"error": {"message": "`+message+`", "type": "gateway_error", "code": `+strconv.Itoa(code)+`}}`+"\n")
}

func (g *Gateway) failed(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case r.Context().Err() != nil: // the client has gone
		g.meters.ended(499)
	case errors.Is(err, errNone):
		g.refuse(w, http.StatusServiceUnavailable, "no server is Ready")
	case errors.Is(err, errKey):
		g.refuse(w, http.StatusUnauthorized, "the server of this model asks for another key")
	default:
		g.refuse(w, http.StatusBadGateway, "the server broke off; the request was sent, and is not sent again")
	}
}

var (
	errNone = errors.New("no server is Ready")
	errKey  = errors.New("the key is another server's")
)

// passing sends a request to a server, and to another one as long as nothing was sent.
type passing struct {
	g    *Gateway
	http *http.Transport
}

func (p *passing) RoundTrip(r *http.Request) (*http.Response, error) {
	g, a := p.g, r.Context().Value(askedKey{}).(asked)
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
		if !g.AddKey && !may(r, []*server{s}) {
			g.pool.give(s, false)
			return nil, errKey
		}
		out := r.Clone(r.Context())
		out.URL.Scheme, out.URL.Host, out.Host = s.at.Scheme, s.at.Host, s.at.Host
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(a.body)), int64(len(a.body))
		if len(a.body) == 0 {
			out.Body = http.NoBody
		}
		if g.AddKey && s.secret != "" {
			out.Header.Set("Authorization", "Bearer "+s.secret)
		}
		if len(tried) == 0 && !waited {
			g.meters.sent(a.at)
		}
		resp, err := p.http.RoundTrip(out)
		if err == nil {
			resp.Body = &answer{ReadCloser: resp.Body, done: func() { g.pool.give(s, false) }}
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

// answer is a body whose end is noticed once.
type answer struct {
	io.ReadCloser
	done func()
}

func (a *answer) Close() error {
	if a.done != nil {
		a.done()
		a.done = nil
	}
	return a.ReadCloser.Close()
}
