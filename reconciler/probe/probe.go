// Package probe checks whether a server is ready. The agent probes its own processes, the loop probes external servers.
package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"assay/drivers"
	"assay/drivers/bounded"
	"assay/reconciler/redact"
)

const defaultTimeout = 5 * time.Second

// Dial opens a connection to a server, or refuses to.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Client probes servers over connections of its own.
type Client struct {
	http *http.Client
	dial Dial
}

// New returns a client that opens its connections with dial. It uses no proxy: what is probed runs on this machine or on a
// node of the cluster. It takes the token to no other origin.
func New(dial Dial) *Client { return &Client{bounded.Client(bounded.Options{Dial: dial}), dial} }

// Close closes the connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

var usual = New((&net.Dialer{Timeout: defaultTimeout}).DialContext)

// Check is Client.Check with a client that connects to whoever listens.
func Check(ctx context.Context, base, token string, p drivers.Probe) (models []string, err error) {
	return usual.Check(ctx, base, token, p)
}

// Check probes the server at base (http://host:port) once, with a bearer token unless it is empty (the password of p.User if
// there is one); nil means that p passes. A probe for a model also returns the models that the server lists. Without a timeout
// of its own a probe has 5 seconds. What a server said is in the error without the token, and as plain text.
func (c *Client) Check(ctx context.Context, base, token string, p drivers.Probe) (models []string, err error) {
	if models, err = c.check(ctx, base, token, p); err != nil {
		err = said{redact.Message(err.Error(), token), err}
	}
	return models, err
}

// said is an error with the message that may be shown of it.
type said struct {
	text string
	err  error
}

func (s said) Error() string { return s.text }
func (s said) Unwrap() error { return s.err }

func (c *Client) check(ctx context.Context, base, token string, p drivers.Probe) (models []string, err error) {
	timeout := p.Timeout.Std()
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if p.Path == "" {
		return nil, c.connect(ctx, base)
	}
	address := strings.TrimSuffix(base, "/") + p.Path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("probing %s: %w", address, err)
	}
	switch {
	case p.User != "":
		req.SetBasicAuth(p.User, token)
	case token != "":
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no answer: %w", err) // the error names the address
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode/100 == 2:
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return nil, fmt.Errorf("%s answers with status %d: %w", address, resp.StatusCode, drivers.ErrUnauthorized)
	case resp.StatusCode/100 == 3:
		return nil, fmt.Errorf("%s answers with status %d, a redirect that is not followed: to %.200q", address, resp.StatusCode, resp.Header.Get("Location"))
	default:
		return nil, fmt.Errorf("%s answers with status %d", address, resp.StatusCode)
	}
	body, err := io.ReadAll(resp.Body) // bounded by the client
	if err != nil {
		return nil, fmt.Errorf("probing %s: %w", address, err)
	}
	if p.Model == "" {
		return nil, nil
	}
	return holds(address, body, append([]string{p.Model}, p.Adapters...))
}

// connect passes when the port accepts a TCP connection.
func (c *Client) connect(ctx context.Context, base string) error {
	u, err := url.Parse(base)
	if err != nil {
		return fmt.Errorf("probing %s: %w", base, err)
	}
	conn, err := c.dial(ctx, "tcp", u.Host)
	if err != nil {
		return fmt.Errorf("the port does not accept connections: %w", err)
	}
	return conn.Close()
}

// holds passes when an OpenAI model list contains all of some models.
func holds(address string, body []byte, want []string) ([]string, error) {
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("%s is not a model list: %w", address, err)
	}
	var models []string
	for _, m := range list.Data {
		models = append(models, m.ID)
	}
	for _, w := range want {
		if !slices.Contains(models, w) {
			return models, fmt.Errorf("it lists the models %q, not %q", models, w)
		}
	}
	return models, nil
}
