package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"assay/drivers"
)

// MaxBody bounds a request's body, in bytes.
const MaxBody = 64 << 20

const (
	dialWithin = 2 * time.Second
	perServer  = 1024            // idle connections
	idle       = 3 * time.Second // of one: vLLM closes it after five, and a request that is sent meanwhile is lost
)

// Gateway passes requests on. Use New.
type Gateway struct {
	Wait   time.Duration // for a server, when there is none; default 30s
	AddKey bool          // clients need no key, and requests get that of their server: only for one user's own connections

	pool   pool
	meters *meters
	proxy  *httputil.ReverseProxy
	log    *slog.Logger
	most   int    // connections of clients
	lines  bundle // since Serve
}

// New makes a gateway without servers.
func New(log *slog.Logger) *Gateway {
	g := &Gateway{Wait: 30 * time.Second, log: log, most: mostConns}
	g.meters = newMeters(&g.pool)
	g.proxy = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetXForwarded() }, // passing chooses the server
		FlushInterval: -1,
		BufferPool:    &pieces{},
		ErrorHandler:  g.failed,
		ErrorLog:      slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		Transport: &passing{g, &http.Transport{DialContext: dial, DisableCompression: true, MaxIdleConnsPerHost: perServer, IdleConnTimeout: idle},
			&http.Transport{DialContext: dial, DisableCompression: true, MaxIdleConnsPerHost: -1}},
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

// asked is what passing has to know of a request; it travels in its context.
type asked struct {
	model string
	body  []byte
	at    time.Time // when the request was there, whole
}

type askedKey struct{}

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/-/live":
		_, _ = io.WriteString(w, "live\n")
		return
	case "/-/metrics":
		g.meters.handler.ServeHTTP(w, r)
		return
	}
	l := g.pool.now()
	if len(l.servers) > 0 && !g.AddKey && !may(r, l.servers...) {
		g.refuse(w, noKey)
		return
	}
	body, err := read(w, r)
	if err != nil {
		g.refuse(w, tooLarge)
		return
	}
	a := &asked{body: body, at: time.Now()}
	if l.several {
		if r.Method == http.MethodGet && r.URL.Path == "/v1/models" {
			g.meters.ended(http.StatusOK)
			models(w, l.servers)
			return
		}
		model, no := route(r, l, body)
		if no != nil {
			g.refuse(w, *no)
			return
		}
		a.model = model
	}
	if g.straight(w, r, a) {
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), askedKey{}, a))
	r.Body = io.NopCloser(bytes.NewReader(body))
	g.proxy.ServeHTTP(w, r)
}

// read takes the body of a request in, in one piece where its length is known.
func read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	bounded := http.MaxBytesReader(w, r.Body, MaxBody)
	if n := r.ContentLength; n > 0 && n <= firstPiece { // a longer one has to arrive before it takes memory
		body := make([]byte, n)
		_, err := io.ReadFull(bounded, body)
		return body, err
	}
	return io.ReadAll(bounded)
}

// firstPiece is the memory, in bytes, that a request gets before its body has arrived.
const firstPiece = 64 << 10

// pieces are the buffers through which answers pass.
type pieces struct{ pool sync.Pool }

const pieceSize = 32 << 10

func (p *pieces) Get() []byte {
	if b, ok := p.pool.Get().(*[pieceSize]byte); ok {
		return b[:]
	}
	return make([]byte, pieceSize)
}

func (p *pieces) Put(b []byte) { p.pool.Put((*[pieceSize]byte)(b)) }

func (g *Gateway) failed(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case r.Context().Err() != nil: // the client has gone
		g.meters.ended(statusGone)
	case errors.Is(err, errNone):
		g.refuse(w, noServer)
	case errors.Is(err, errKey):
		g.refuse(w, otherKey)
	default:
		g.refuse(w, brokenOff)
	}
}
