//go:build linux

package wire

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/drivers/suite/loadgen/socket"
)

const chunk = `data: {"choices":[{"index":0,"text":"x","finish_reason":null}],"usage":null}` + "\n\n"
const end = `data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}` + "\n\ndata: [DONE]\n\n"

func serve(t *testing.T, f http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s
}

// load is so many requests with one body, and the time from one to the next in an open loop.
type load struct {
	n     int
	every time.Duration
	body  string
	grant int64
}

func requests(n int, every time.Duration, body string) load {
	return load{n: n, every: every, body: body}
}

// work is what the engine sends of it. What the outcomes hold is copied.
func (l load) work(out []Outcome, done *atomic.Int64) Work {
	return Work{Count: l.n,
		Request: func(i int) *Request {
			return &Request{Events: 2, Grant: l.grant, Bytes: fmt.Appendf(nil, "POST /v1/completions HTTP/1.1\r\nHost: x\r\nX-Request-Id: %d\r\nContent-Length: %d\r\n\r\n%s", i, len(l.body), l.body)}
		},
		Ended: func(i int, o *Outcome) {
			out[i] = *o
			out[i].Answer.Events, out[i].Answer.Text = slices.Clone(o.Answer.Events), slices.Clone(o.Answer.Text)
			done.Add(1)
		}}
}

func (l load) schedule(open bool) (out []time.Duration) {
	for i := range l.n {
		if open {
			out = append(out, time.Duration(i)*l.every)
		}
	}
	return out
}

func drive(t *testing.T, url string, o Options, connections, bound int, open bool, list load) []Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	e, err := Open(ctx, []string{url}, connections, o)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var done atomic.Int64
	out := make([]Outcome, list.n)
	_, err = e.Run(ctx, list.work(out, &done), Load{Schedule: list.schedule(open), Bound: bound})
	if err != nil || int(done.Load()) != list.n {
		t.Fatalf("%d of %d ended: %v", done.Load(), list.n, err)
	}
	return out
}

// Whatever the number of threads: every request is sent exactly once, never more than the bound at a time, and its
// moments are in order and lie around what the server saw.
func TestClosedLoop(t *testing.T) {
	for threads := 1; threads <= 3; threads++ {
		var inFlight, most atomic.Int64
		var seen, arrived sync.Map
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			for now := inFlight.Add(1); ; {
				if was := most.Load(); now <= was || most.CompareAndSwap(was, now) {
					break
				}
			}
			defer inFlight.Add(-1)
			if _, twice := seen.LoadOrStore(r.Header.Get("X-Request-Id"), true); twice {
				t.Errorf("request %s came twice", r.Header.Get("X-Request-Id"))
			}
			arrived.Store(r.Header.Get("X-Request-Id"), socket.Monotonic())
			time.Sleep(2 * time.Millisecond)
			io.WriteString(w, chunk)
			w.(http.Flusher).Flush()
			io.WriteString(w, chunk+end)
		})
		out := drive(t, s.URL, Options{Threads: threads, Timeout: 10 * time.Second}, 4, 4, false, requests(60, 0, "{}"))
		if most.Load() > 4 {
			t.Errorf("%d threads: %d at a time", threads, most.Load())
		}
		for i, o := range out {
			at, _ := arrived.Load(fmt.Sprint(i))
			if o.Failure != nil || len(o.Answer.Events) != 2 || string(o.Answer.Text) != "xx" || o.Answer.Completion != 2 {
				t.Fatalf("%d threads, request %d: %+v", threads, i, o)
			}
			if o.Sent > at.(time.Duration) || o.Answer.Events[0] < at.(time.Duration) || o.Ended < o.Answer.Events[1] || o.Due > o.Sent {
				t.Errorf("request %d: arrived at %v, the client says %+v", i, at, o)
			}
		}
	}
}

// An open loop sends at its moments, however slow the answers, and with a bound as soon after as it can.
func TestOpenLoop(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(100 * time.Millisecond)
		io.WriteString(w, chunk+end)
	})
	for _, bound := range []int{0, 2} {
		out := drive(t, s.URL, Options{Threads: 2, Timeout: 10 * time.Second}, 10, bound, true, requests(10, 5*time.Millisecond, "{}"))
		for i, o := range out {
			if o.Sent < o.Due || o.Free < o.Due || o.Due-out[0].Due != time.Duration(i)*5*time.Millisecond {
				t.Errorf("bound %d, request %d: %+v", bound, i, o)
			}
			if held := o.Free-o.Due > 50*time.Millisecond; held != (bound > 0 && i >= 2) {
				t.Errorf("bound %d, request %d was held for %v", bound, i, o.Free-o.Due)
			}
		}
	}
}

// A request larger than every buffer arrives whole, on connections that are opened when needed, and their time is apart.
func TestLargeAndUnprepared(t *testing.T) {
	body := strings.Repeat("y", 8<<20)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		if n != int64(len(body)) {
			t.Errorf("%d bytes came", n)
		}
		io.WriteString(w, chunk+end)
	})
	for _, o := range drive(t, s.URL, Options{Threads: 1, Timeout: 20 * time.Second}, 0, 2, false, requests(2, 0, body)) {
		if o.Failure != nil || o.Connect <= 0 {
			t.Errorf("%+v %v", o, o.Failure)
		}
	}
}

// A server that closes each connection costs a new one each time, and nothing is lost.
func TestClosing(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, chunk+end)
	})
	for i, o := range drive(t, s.URL, Options{Threads: 1, Timeout: 10 * time.Second}, 1, 1, false, requests(20, 0, "{}")) {
		if o.Failure != nil || (o.Connect > 0) != (i > 0) {
			t.Errorf("request %d: connect %v, %v", i, o.Connect, o.Failure)
		}
	}
}

// raw answers every connection with the same bytes and closes it.
func raw(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Read(make([]byte, 4096))
				_, _ = io.WriteString(c, answer)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// Every way to go wrong has its name.
func TestFailures(t *testing.T) {
	sized := func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	for name, test := range map[string]struct{ answer, kind string }{
		"sized":         {sized(chunk + end), ""},
		"until close":   {"HTTP/1.0 200 OK\r\n\r\n" + chunk + end, ""},
		"informational": {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + sized(chunk+end), ""},
		"trailer":       {"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n" + fmt.Sprintf("%X;a=b\r\n%s\r\n", len(chunk+end), chunk+end) + "0\r\nX: y\r\n\r\n", ""},
		"status":        {"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", "http_503"},
		"no body":       {"HTTP/1.1 204 No Content\r\n\r\n", "http_204"},
		"nothing":       {"", "connection_lost"},
		"cut":           {"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + chunk, "connection_lost"},
		"no DONE":       {sized(chunk), "truncated_stream"},
		"no events":     {sized(end), "no_output"},
		"not HTTP":      {"SSH-2.0-OpenSSH\r\n\r\n", "bad_http"},
		"bad chunk":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "bad_http"},
		"long chunk":    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n", "bad_http"},
		"encoding":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "bad_http"},
		"bad length":    {"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n", "bad_http"},
		"endless head":  {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 100<<10), "bad_http"},
		"bad event":     {sized("data: hello\n\n"), "bad_event"},
	} {
		t.Run(name, func(t *testing.T) {
			o := drive(t, raw(t, test.answer), Options{Threads: 1, Timeout: 10 * time.Second}, 0, 1, false, requests(1, 0, "{}"))[0]
			kind := ""
			if o.Failure != nil {
				kind = o.Failure.Kind
			}
			if kind != test.kind {
				t.Errorf("got %q (%v), want %q", kind, o.Failure, test.kind)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		l, _ := net.Listen("tcp", "127.0.0.1:0")
		l.Close()
		o := drive(t, "http://"+l.Addr().String(), Options{Threads: 1, Timeout: 10 * time.Second}, 3, 1, false, requests(2, 0, "{}"))
		if o[1].Failure == nil || o[1].Failure.Kind != "connect" || !strings.Contains(o[1].Failure.Message, "refused") {
			t.Errorf("got %v", o[1].Failure)
		}
	})
	t.Run("timeout", func(t *testing.T) {
		stall := make(chan struct{})
		s := serve(t, func(http.ResponseWriter, *http.Request) { <-stall })
		defer close(stall)
		began := time.Now()
		o := drive(t, s.URL, Options{Threads: 1, Timeout: 200 * time.Millisecond}, 3, 0, false, requests(3, 0, "{}"))
		if o[2].Failure == nil || o[2].Failure.Kind != "timeout" || time.Since(began) > 10*time.Second {
			t.Errorf("got %v", o[2].Failure)
		}
	})
}

// A stop ends a run soon, with an error.
func TestStop(t *testing.T) {
	stall := make(chan struct{})
	s := serve(t, func(http.ResponseWriter, *http.Request) { <-stall })
	defer close(stall)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	e, err := Open(ctx, []string{s.URL}, 2, Options{Threads: 2, Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	began := time.Now()
	list, out, done := requests(100, time.Second, "{}"), make([]Outcome, 100), atomic.Int64{}
	if _, err := e.Run(ctx, list.work(out, &done), Load{Schedule: list.schedule(true)}); err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
}

// Where the network cuts an answer changes nothing.
func FuzzCuts(f *testing.F) {
	whole := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n", len(chunk), chunk) + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(end), end)
	for i := range len(whole) {
		f.Add(whole, i, i+1)
	}
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1", 3, 44)
	read := func(pieces ...string) (events int, kind string, part int) {
		var r response
		r.start(2, 1<<20, nil)
		for _, p := range pieces {
			if f := r.feed([]byte(p), 1); f != nil {
				return len(r.stream.Events), f.Kind, -1
			}
		}
		return len(r.stream.Events), "", r.part
	}
	f.Fuzz(func(t *testing.T, s string, i, j int) {
		i, j = min(max(0, i), len(s)), min(max(0, j), len(s))
		i, j = min(i, j), max(i, j)
		e1, k1, p1 := read(s)
		e2, k2, p2 := read(s[:i], s[i:j], s[j:])
		if e1 != e2 || k1 != k2 || p1 != p2 {
			t.Errorf("%q: %d %q %d; cut at %d, %d: %d %q %d", s, e1, k1, p1, i, j, e2, k2, p2)
		}
	})
}
