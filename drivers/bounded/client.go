package bounded

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// MaxHeader bounds the headers of an answer, in bytes.
	MaxHeader = 64 << 10
	// MaxAnswer is enough for every document that assay asks a server for, in bytes: a list of models, metrics, a status.
	MaxAnswer = 4 << 20

	maxRedirects = 5
	dialTimeout  = 10 * time.Second
)

// Options of a client.
type Options struct {
	Limit  int64   // of one answer, in bytes; 0: MaxAnswer
	Budget *Budget // of all of them; nil: no limit
	Idle   int     // connections to one host that are kept open; 0: 2
	Stay   bool    // a redirect is never followed
	// Dial opens the connections; nil: to whoever listens.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Proxy bool // use the proxy that the environment names; servers of a cluster are reached without one
}

// Client returns a client whose answers are bounded: a body that is larger fails with *TooLarge where it is read. Callers put
// a deadline on every request's context.
func Client(o Options) *http.Client {
	if o.Limit == 0 {
		o.Limit = MaxAnswer
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	t := &http.Transport{
		DialContext:            o.Dial,
		MaxIdleConnsPerHost:    max(o.Idle, 2),
		IdleConnTimeout:        time.Minute,
		TLSHandshakeTimeout:    dialTimeout,
		MaxResponseHeaderBytes: MaxHeader,
		DisableCompression:     true,
	}
	if o.Proxy {
		t.Proxy = http.ProxyFromEnvironment
	}
	c := &http.Client{Transport: &transport{t, o.Limit, o.Budget}, CheckRedirect: sameOrigin}
	if o.Stay {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return c
}

// transport bounds the bodies of what it answers.
type transport struct {
	*http.Transport
	limit  int64
	budget *Budget
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := t.Transport.RoundTrip(req)
	if err == nil {
		res.Body = Body(res.Body, t.limit, t.budget)
	}
	return res, err
}

// sameOrigin follows a redirect to the origin that was asked, without credentials, and no other.
func sameOrigin(req *http.Request, before []*http.Request) error {
	if origin(req.URL) != origin(before[0].URL) {
		return http.ErrUseLastResponse
	}
	if len(before) >= maxRedirects {
		return errors.New("it redirects again and again")
	}
	kept := http.Header{} // any other header can be a credential
	for _, name := range []string{"Accept", "Content-Type"} {
		if v := req.Header.Values(name); len(v) > 0 {
			kept[name] = v
		}
	}
	req.Header = kept
	req.URL.User = nil // which net/http would send as Authorization
	return nil
}

// origin is the scheme, the host and the port of an address.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
