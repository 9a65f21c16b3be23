package gateway

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/drivers"
)

// accepting is a server of one's own kind: serve has each connection to itself, and its end closes it.
func accepting(t testing.TB, serve func(net.Conn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// leaver answers as llama.cpp's server does: it says that it keeps the connection, and closes it a moment behind a streamed
// answer, whatever was sent meanwhile. Behind a whole answer it keeps it. It counts requests that it read.
func leaver(t *testing.T) (url string, read *atomic.Int64) {
	t.Helper()
	read = new(atomic.Int64)
	return accepting(t, func(c net.Conn) { leaves(c, read) }), read
}

func leaves(c net.Conn, read *atomic.Int64) {
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		read.Add(1)
		if !strings.Contains(string(body), "true") {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}")
			continue
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n0\r\n\r\n")
		time.Sleep(5 * time.Millisecond)
		return
	}
}

// TestServersThatLeave: a server that closes connections behind its answers without a word loses no request, and gets none twice.
func TestServersThatLeave(t *testing.T) {
	const whole, streamed = `{"stream": false}`, `{"stream" : true}`
	for name, bodies := range map[string][]string{"streamed": {streamed}, "whole": {whole}, "by turns": {whole, streamed, streamed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits
			url, read := leaver(t)
			g := New(discard())
			g.Set([]drivers.Upstream{{URL: url}})
			front := way(false).serve(t, g)
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
			var sent atomic.Int64
			var all sync.WaitGroup
			until := time.Now().Add(2 * time.Second) // so that what was learnt of the server counts too
			for i := range 4 {
				all.Go(func() {
					for n := i; time.Now().Before(until); n++ {
						sent.Add(1)
						resp, err := client.Post(front.URL+"/v1/completions", "application/json", strings.NewReader(bodies[n%len(bodies)]))
						if err != nil {
							t.Error(err)
							return
						}
						if b, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
							t.Errorf("%d %q, %v", resp.StatusCode, b, err)
							return
						}
						_ = resp.Body.Close()
					}
				})
			}
			all.Wait()
			if sent.Load() != read.Load() {
				t.Errorf("%d requests were sent, the server read %d", sent.Load(), read.Load())
			}
		})
	}
}

// TestGoneClientEndsAtServer: a client that leaves ends its request at the server, also on the connection that is looked at.
func TestGoneClientEndsAtServer(t *testing.T) { bothWays(t, testGoneClientEndsAtServer) }

func testGoneClientEndsAtServer(t *testing.T, w way) {
	ended := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(ended)
	}))
	defer s.Close()
	g := New(discard())
	w.set(g, drivers.Upstream{URL: s.URL})
	front := way(false).serve(t, g)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, front.URL+"/v1/completions", strings.NewReader(`{"stream": true}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	leave()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("the server goes on")
	}
}
