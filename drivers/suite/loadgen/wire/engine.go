//go:build linux

package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/bounded"
	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/socket"
	"assay/drivers/suite/loadgen/sse"
)

// Request is one request to send.
type Request struct {
	Bytes    []byte        // the whole request, headers and body
	Endpoint int           // index of the engine's endpoints
	Due      time.Duration // after the start of Run; unused in a closed loop
	Events   int           // how many events are expected, to allocate room for them
	Grant    int64         // bytes that its answer adds to the budget
}

// Outcome is the outcome of a request. Times are CLOCK_MONOTONIC.
type Outcome struct {
	Due, Free time.Duration // when it was due, and when the bound on concurrency allowed it
	Sent      time.Duration // right before the first byte was written
	Connect   time.Duration // how long a new connection took, before Sent; 0 when one was open
	Ended     time.Duration
	Behind    time.Duration // the longest that a piece of the answer lay unread
	Answer    sse.Answer
	Failure   *suite.Failure
}

// Options of an engine.
type Options struct {
	Threads int           // at least 1
	Timeout time.Duration // of a request, from its Sent
	Limit   int64         // of an answer, in bytes of the connection; 0: DefaultLimit
	// Budget bounds what all answers have together; each request grants it Request.Grant. Nil: no limit.
	Budget *bounded.Budget
}

// DefaultLimit bounds an answer, in bytes of the connection, where the caller does not.
const DefaultLimit = 64 << 20

// Engine holds the connections.
type Engine struct {
	Options
	addresses []unix.Sockaddr
	names     []string
	loops     []*loop
}

// Open resolves the endpoints (http://host:port) and opens so many connections to them in turn. Connections that
// cannot be opened now are opened when they are needed. Close the engine.
func Open(ctx context.Context, endpoints []string, connections int, o Options) (*Engine, error) {
	defer socket.Own(1)()
	o.Limit = cmp.Or(o.Limit, DefaultLimit)
	e := &Engine{Options: o}
	for _, endpoint := range endpoints {
		addr, err := resolve(ctx, endpoint)
		if err != nil {
			return nil, fmt.Errorf("looking up %s: %w", endpoint, err)
		}
		e.addresses, e.names = append(e.addresses, addr), append(e.names, endpoint)
	}
	for i := range o.Threads {
		l, err := newLoop(e)
		if err != nil {
			e.Close()
			return nil, err
		}
		e.loops = append(e.loops, l)
		if err := l.connect(ctx, Share(connections, i, o.Threads)); err != nil {
			e.Close()
			return nil, err
		}
	}
	return e, nil
}

// Close closes all connections.
func (e *Engine) Close() {
	for _, l := range e.loops {
		l.close()
	}
}

func resolve(ctx context.Context, endpoint string) (unix.Sockaddr, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil, err
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return nil, err
	}
	ip := ips[0].Unmap()
	if ip.Is4() {
		return &unix.SockaddrInet4{Port: number, Addr: ip.As4()}, nil
	}
	return &unix.SockaddrInet6{Port: number, Addr: ip.As16()}, nil
}

// Load says when requests go. When Open, each goes when it is due, or as soon after that as the bound allows (0: no bound);
// else there are always Bound requests in flight (0: all at once).
type Load struct {
	Open  bool
	Bound int
	Start time.Duration // on CLOCK_MONOTONIC; Due counts from it, and nothing goes before it; 0: now
}

// Run sends all requests and waits for their ends. done is called after each, from any thread. The outcomes are in the order
// of the requests. It returns an error when ctx ends first.
func (e *Engine) Run(ctx context.Context, requests []Request, load Load, done func()) ([]Outcome, error) {
	defer socket.Own(len(e.loops))()
	out := make([]Outcome, len(requests))
	var next atomic.Int64
	if load.Start == 0 {
		load.Start = socket.Monotonic()
	}
	var wg sync.WaitGroup
	bound := load.Bound
	if bound == 0 && !load.Open {
		bound = len(requests)
	}
	loops := e.loops
	if bound > 0 {
		loops = loops[:min(len(loops), bound)]
	}
	errs := make([]error, len(loops))
	for k, l := range loops {
		j := job{requests: requests, out: out, open: load.Open, start: load.Start, done: done, next: &next, step: len(loops), at: k}
		j.bound = Share(bound, k, j.step)
		wg.Go(func() { errs[k] = l.run(ctx, j) })
	}
	wg.Wait()
	return out, errors.Join(errs...)
}
