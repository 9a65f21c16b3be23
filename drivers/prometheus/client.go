package prometheus

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"assay/drivers"
	"assay/drivers/bounded"
)

const (
	// callTimeout bounds one query.
	callTimeout = 10 * time.Second
	// maxAnswer bounds the answer to one, in bytes: the health of 100,000 targets is smaller.
	maxAnswer = 32 << 20
)

// Client is a Prometheus that already runs, outside assay.
type Client struct {
	api    v1.API
	window time.Duration
}

// NewClient returns a client for the server at url, with a bearer token unless it is empty. Samples older than window do not
// count.
func NewClient(url, token string, window time.Duration) (*Client, error) {
	limited := bounded.Client(bounded.Options{Limit: maxAnswer, Proxy: true})
	limited.Transport = bearer{url, token, limited.Transport}
	c, err := api.NewClient(api.Config{Address: url, Client: limited})
	if err != nil {
		return nil, fmt.Errorf("using Prometheus at %s: %w", url, err)
	}
	return &Client{api: v1.NewAPI(c), window: window}, nil
}

// bearer gives a token to one server, and to nobody to whom that one may lead on.
type bearer struct {
	url, token string
	by         http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.token != "" && strings.HasPrefix(r.URL.String(), strings.TrimSuffix(b.url, "/")+"/") {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.by.RoundTrip(r)
}

// SetTargets does nothing: that server reads the file_sd file in the state directory.
func (c *Client) SetTargets(context.Context, []drivers.Target) error { return nil }

// Health asks the server. An unreachable one is drivers.ErrUnavailable.
func (c *Client) Health(ctx context.Context) (map[string]drivers.Health, error) {
	return health(ctx, c.instant, c.window)
}

func (c *Client) instant(ctx context.Context, expr string) (model.Vector, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	v, _, _, err := c.api.Query(ctx, expr, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrUnavailable, err)
	}
	vec, ok := v.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("%s answered %s, not a vector", expr, v.Type())
	}
	return vec, nil
}
