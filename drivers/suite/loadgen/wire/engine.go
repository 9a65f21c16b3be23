//go:build linux

package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
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
	"assay/drivers/suite/selfwatch"
)

// Request is one request to send.
type Request struct {
	Bytes    []byte // the whole request, headers and body
	Endpoint int    // index of the engine's endpoints
	Events   int    // how many events are expected, to allocate room for them
	Grant    int64  // bytes that its answer adds to the budget
}

// Outcome is the outcome of a request. Times are CLOCK_MONOTONIC.
type Outcome struct {
	Due, Free time.Duration // when it was due, and when the bound on concurrency allowed it: when an answer had made room
	Sent      time.Duration // right before the first byte was written
	Connect   time.Duration // how long a new connection took, before Sent; 0 when one was open
	Ended     time.Duration
	Behind    time.Duration // the longest that a piece of the answer lay unread
	Blur      time.Duration // by how much at most its times can be wrong: see package doc
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

// Load says when requests go. With a schedule each goes when it is due, or as soon after that as the bound allows (0: no
// bound); else there are always Bound requests in flight (0: all at once).
type Load struct {
	Schedule []time.Duration // after Start, one for each request; nil: a closed loop
	Bound    int
	Start    time.Duration // on CLOCK_MONOTONIC; nothing goes before it; 0: now
	For      time.Duration // after so long no further request begins; 0: all are sent
}

// Work is what a run sends. The functions are called from any of the engine's threads, must not wait, and are called once for
// each request that is sent.
type Work struct {
	Count   int                     // of the requests, numbered from 0
	Request func(i int) *Request    // nil: it is not there yet, and is asked for again
	Ended   func(i int, o *Outcome) // o and what it holds are valid until Ended returns
}

// Run sends the requests of work and waits for their ends. It returns what its threads saw of themselves, and an error when
// ctx ends first; the requests that are in flight then end as interrupted.
func (e *Engine) Run(ctx context.Context, work Work, load Load) ([]selfwatch.Thread, error) {
	defer socket.Own(len(e.loops))()
	var next atomic.Int64
	if load.Start == 0 {
		load.Start = socket.Monotonic()
	}
	var wg sync.WaitGroup
	bound := load.Bound
	if bound == 0 && load.Schedule == nil {
		bound = work.Count
	}
	loops := e.loops
	if bound > 0 {
		loops = loops[:min(len(loops), bound)]
	}
	errs, threads := make([]error, len(loops)), make([]selfwatch.Thread, len(loops))
	for k, l := range loops {
		j := job{Work: work, Load: load, next: &next, step: len(loops), at: k}
		if j.until = time.Duration(math.MaxInt64); load.For > 0 {
			j.until = load.Start + load.For
		}
		j.Bound = Share(bound, k, j.step)
		wg.Go(func() { threads[k], errs[k] = l.run(ctx, j) })
	}
	wg.Wait()
	return threads, errors.Join(errs...)
}
