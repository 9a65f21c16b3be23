package serving

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"assay/drivers/suite/loadgen/wire"
)

// driver chooses the client: raw sockets where the server speaks plain HTTP.
func (r *runner) driver(ctx context.Context, samples []sample, offsets []time.Duration) (drive, func(), error) {
	for _, e := range r.client.endpoints {
		if !strings.HasPrefix(e, "http://") {
			return r.overHTTP(ctx, samples, offsets)
		}
	}
	r.progress("opening connections")
	engine, err := wire.Open(ctx, r.client.endpoints, r.connections(), wire.Options{Threads: max(1, r.spec.Cores), Timeout: r.spec.RequestTimeout.Std(),
		Limit: r.client.bounds.answer, Budget: r.client.bounds.all})
	if err != nil {
		return nil, nil, err
	}
	requests := make([]wire.Request, len(samples))
	for i := range samples {
		s := &samples[i]
		endpoint := s.index % len(r.client.endpoints)
		requests[i] = wire.Request{Bytes: r.frame(endpoint, r.client.id(s.index), s.body), Endpoint: endpoint, Events: r.payload.maxTokens + 1, Grant: r.client.bounds.grant}
		if s.body = nil; offsets != nil {
			requests[i].Due = offsets[i]
		}
	}
	r.client.name, r.client.cores = "raw sockets, arrivals stamped by the kernel", max(1, r.spec.Cores)
	return func(ctx context.Context, start time.Duration, done func()) error {
		out, err := engine.Run(ctx, requests, wire.Load{Open: offsets != nil, Bound: r.bound(), Start: start}, done)
		for i, o := range out {
			s := &samples[i]
			s.due, s.free = o.Due, o.Free
			s.outcome = outcome{sent: o.Sent, ended: o.Ended, connect: o.Connect, behind: o.Behind, answer: o.Answer, failure: o.Failure}
		}
		return err
	}, engine.Close, nil
}

// frame puts the headers before a body. Endpoints were parsed before they came here.
func (r *runner) frame(endpoint int, id string, body []byte) []byte {
	u, err := url.Parse(r.client.endpoints[endpoint])
	if err != nil {
		panic(err) // the engine has parsed it
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: assay\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"+
		"X-Request-Id: %s\r\nContent-Length: %d\r\n", u.EscapedPath()+r.payload.path(), u.Host, id, len(body))
	head += r.client.headerLines()
	if r.client.token != "" {
		head += "Authorization: Bearer " + r.client.token + "\r\n"
	}
	return append([]byte(head+"\r\n"), body...)
}
