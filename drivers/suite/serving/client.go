package serving

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"time"

	"assay/drivers/bounded"
	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/socket"
	"assay/drivers/suite/loadgen/sse"
)

// client sends requests to the replicas of one server. Each replica has a pool of connections that is filled before
// the clock starts. It uses no proxy and no compression, and never sends a request again.
type client struct {
	endpoints []string
	http      *http.Client
	timeout   time.Duration
	buffers   sync.Pool // *[]byte
	clock     socket.Clock
	run       string      // begins every X-Request-Id
	name      string      // of the client that sends the measured requests: versions.client
	threads   int         // that send the measured requests; 0: goroutines do, on all that there are
	token     string      // bearer token; empty when the server asks for none
	headers   http.Header // of every request, besides the client's own
	bounds    bounds
	ends      ends
}

// bounds are how much a server can answer, in bytes. A chunk of a streamed answer, which brings a token or more, has some 300.
type bounds struct {
	answer int64           // of one answer
	grant  int64           // of one on average
	all    *bounded.Budget // of all completions
}

func boundsOf(tokens int) bounds {
	return bounds{answer: bounded.MaxAnswer + 4<<10*int64(tokens), grant: 1 << 10 * int64(tokens+4), all: bounded.NewBudget(64 << 20)}
}

func newClient(endpoints []string, timeout time.Duration, connections, tokens int) *client {
	c := &client{timeout: timeout, clock: socket.NewClock(), name: "net/http", bounds: boundsOf(tokens)}
	c.http = bounded.Client(bounded.Options{Limit: c.bounds.answer, Idle: connections, Stay: true, Dial: c.ends.dial})
	for _, e := range endpoints {
		c.endpoints = append(c.endpoints, strings.TrimSuffix(e, "/"))
	}
	c.buffers.New = func() any { b := make([]byte, 16<<10); return &b }
	return c
}

func (c *client) close() { c.http.CloseIdleConnections() }

// now is the time on the run's clock, CLOCK_MONOTONIC of this host, so that the records of a server on the same host can be
// compared with it.
func (c *client) now() time.Duration {
	at, _ := c.clock.Now()
	return at
}

// id names a request, in the X-Request-Id header and in the samples.
func (c *client) id(index int) string {
	if index < 0 {
		return c.run + "-warmup" + strconv.Itoa(-index)
	}
	return c.run + "-" + strconv.Itoa(index)
}

// outcome is one request as the client saw it. vLLM calls sent the start.
type outcome struct {
	sent, ended time.Duration
	connect     time.Duration // opening a connection for it, before sent; 0 when one was open
	behind      time.Duration // the longest that a piece of the answer lay unread; 0 when unknown
	blur        time.Duration // by how much at most the client's own delays can have moved its times; 0 when unknown
	answer      sse.Answer
	failure     *suite.Failure
}

// complete sends one request to the replica whose turn it is and reads the whole answer.
func (c *client) complete(ctx context.Context, turn int, id, path string, body []byte) outcome {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	began := c.now()
	o := outcome{sent: began}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if !info.Reused {
			o.sent = c.now()
			o.connect = o.sent - began
		}
	}})
	o.answer, o.failure = c.exchange(ctx, c.endpoints[turn%len(c.endpoints)]+path, id, body)
	o.ended = c.now()
	return o
}

func (c *client) exchange(ctx context.Context, url, id string, body []byte) (sse.Answer, *suite.Failure) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return sse.Answer{}, suite.Failed(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("X-Request-Id", id)
	req.Close = c.ends.seen.Load()
	c.authorize(req)
	resp, err := c.http.Do(req)
	if err != nil {
		return sse.Answer{}, suite.Failed(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10)) // the status alone is a reason too
		return sse.Answer{}, suite.FailedStatus(resp.StatusCode, body)
	}
	buf := c.buffers.Get().(*[]byte)
	defer c.buffers.Put(buf)
	c.bounds.all.Grant(c.bounds.grant)
	a, f := readStream(bounded.Body(resp.Body, c.bounds.answer, c.bounds.all), *buf, c.now)
	if f == nil { // to the end of the body, so that the connection can be used again
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10))
	}
	return a, f
}

// authorize adds the key and the manifest's headers.
func (c *client) authorize(req *http.Request) {
	maps.Copy(req.Header, c.headers)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
}

// get reads a small document; a status other than 200 is an error.
func (c *client) get(ctx context.Context, url string) ([]byte, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("GET %s: %w", url, err)
	}
	c.authorize(req)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, err // the error names the method and the URL
	}
	defer resp.Body.Close()
	body, err := bounded.ReadAll(resp.Body, bounded.MaxAnswer)
	if err != nil {
		return nil, nil, fmt.Errorf("GET %s: %w", url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, resp.Header, fmt.Errorf("GET %s: %w", url, suite.FailedStatus(resp.StatusCode, body))
	}
	return body, resp.Header, nil
}

// connect fills the pools with n connections over all replicas.
func (c *client) connect(ctx context.Context, n int) {
	urls := make([]string, len(c.endpoints))
	for i, e := range c.endpoints {
		urls[i] = e + "/v1/models"
	}
	suite.Preconnect(ctx, c.http, urls, n)
}
