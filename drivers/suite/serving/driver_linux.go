package serving

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
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
	heads, err := r.heads()
	if err != nil {
		return nil, nil, err
	}
	list, err := newAhead(ctx, t.count, func(k int) (*wire.Request, int, error) { return r.wireRequest(heads, t.sample(k)) })
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

// wireRequest is the request of a sample, behind one of the heads, and its size.
func (r *runner) wireRequest(heads [][]byte, s sample) (*wire.Request, int, error) {
	body, err := r.body(&s)
	endpoint := s.index % len(heads)
	out := make([]byte, 0, len(heads[endpoint])+64+len(r.client.run)+len(body))
	out = append(append(out, heads[endpoint]...), r.client.id(s.index)...)
	out = strconv.AppendInt(append(out, "\r\nContent-Length: "...), int64(len(body)), 10)
	out = append(append(out, "\r\n\r\n"...), body...)
	return &wire.Request{Bytes: out, Endpoint: endpoint, Events: r.payload.maxTokens + 1, Grant: r.client.bounds.grant}, len(out), err
}

// heads are what the requests to each endpoint begin with, up to their id.
func (r *runner) heads() (out [][]byte, err error) {
	for _, e := range r.client.endpoints {
		u, err := url.Parse(e)
		if err != nil {
			return nil, err
		}
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: assay\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n",
			u.EscapedPath()+r.payload.path(), u.Host) + r.client.headerLines() + r.client.ends.header()
		if r.client.token != "" {
			head += "Authorization: Bearer " + r.client.token + "\r\n"
		}
		out = append(out, []byte(head+"X-Request-Id: "))
	}
	return out, nil
}
