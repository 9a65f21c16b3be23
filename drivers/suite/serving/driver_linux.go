package serving

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"assay/drivers/suite/loadgen/wire"
	"assay/drivers/suite/selfwatch"
)

// driver chooses the client: raw sockets where the server speaks plain HTTP.
func (r *runner) driver(ctx context.Context, t todo, b *book) (drive, func(), error) {
	for _, e := range r.client.endpoints {
		if !strings.HasPrefix(e, "http://") {
			return r.overHTTP(ctx, t, b)
		}
	}
	list, err := newAhead(ctx, t.count, func(k int) (*wire.Request, int, error) { return r.wireRequest(t.sample(k)) })
	if err != nil {
		return nil, nil, err
	}
	r.progress("opening connections")
	engine, err := wire.Open(ctx, r.client.endpoints, r.connections(), wire.Options{Threads: max(1, r.spec.Cores), Timeout: r.spec.RequestTimeout.Std(),
		Limit: r.client.bounds.answer, Budget: r.client.bounds.all})
	if err != nil {
		return nil, nil, err
	}
	r.client.name, r.client.threads = "raw sockets, arrivals stamped by the kernel", max(1, r.spec.Cores)
	return func(ctx context.Context, start time.Duration) ([]selfwatch.Thread, error) {
		ctx, stop := whileMade(ctx, list.goOn)
		defer stop()
		return engine.Run(ctx, wire.Work{Count: t.count, Request: list.take, Ended: func(k int, o *wire.Outcome) {
			s := t.sample(k)
			s.due, s.free = o.Due, o.Free
			s.outcome = outcome{sent: o.Sent, ended: o.Ended, connect: o.Connect, behind: o.Behind, blur: o.Blur, answer: o.Answer, failure: o.Failure}
			b.add(s)
		}}, wire.Load{Schedule: t.schedule, Bound: r.bound(), Start: start, For: t.limit})
	}, engine.Close, nil
}

// wireRequest is the request of a sample, and its size.
func (r *runner) wireRequest(s sample) (*wire.Request, int, error) {
	body, err := r.body(&s)
	endpoint := s.index % len(r.client.endpoints)
	return &wire.Request{Bytes: r.frame(endpoint, r.client.id(s.index), body), Endpoint: endpoint, Events: r.payload.maxTokens + 1, Grant: r.client.bounds.grant}, len(body), err
}

// frame puts the headers before a body. Endpoints were parsed before they came here.
func (r *runner) frame(endpoint int, id string, body []byte) []byte {
	u, err := url.Parse(r.client.endpoints[endpoint])
	if err != nil {
		panic(err) // the engine has parsed it
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: assay\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"+
		"X-Request-Id: %s\r\nContent-Length: %d\r\n", u.EscapedPath()+r.payload.path(), u.Host, id, len(body))
	if r.client.token != "" {
		head += "Authorization: Bearer " + r.client.token + "\r\n"
	}
	return append([]byte(head+"\r\n"), body...)
}
