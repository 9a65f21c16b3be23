package gateway

import (
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

// learns sends one request, and waits until the gateway knows that its server keeps connections behind such answers.
func learns(t testing.TB, g *Gateway, send func()) {
	t.Helper()
	send()
	for range 1000 {
		if g.pool.now().servers[0].ends.kinds[0].keeps.Load() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not learn that the server keeps its connections")
}

// TestConnectionsAreKept: so many requests at a time need about as many connections to the server, however many follow.
func TestConnectionsAreKept(t *testing.T) { bothWays(t, testConnectionsAreKept) }

func testConnectionsAreKept(t *testing.T, w way) {
	var dials atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for range 3 {
			_, _ = io.WriteString(w, "data: x\n\n")
			_ = http.NewResponseController(w).Flush()
		}
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			dials.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	g := New(discard())
	w.set(g, drivers.Upstream{URL: s.URL})
	front := way(false).serve(t, g)
	const streams, each = 100, 20
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: streams}}
	post := func() {
		resp, err := client.Post(front.URL+"/v1/completions", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Error(err)
			return
		}
		if b, err := io.ReadAll(resp.Body); err != nil || len(b) != 27 {
			t.Errorf("%q, %v", b, err)
		}
		_ = resp.Body.Close()
	}
	learns(t, g, post)
	var all sync.WaitGroup
	for range streams {
		all.Go(func() {
			for range each {
				post()
			}
		})
	}
	all.Wait()
	t.Logf("%d connections for %d requests, %d at a time", dials.Load(), streams*each, streams)
	if dials.Load() > 2*streams {
		t.Errorf("%d connections were made for %d requests at a time", dials.Load(), streams)
	}
}

// TestIdleConnectionsEndHere: the gateway leaves a connection before a server does that keeps it for five seconds, as vLLM: a
// request sent at that moment would be lost.
func TestIdleConnectionsEndHere(t *testing.T) {
	t.Parallel() // it waits for seconds
	closed := make(chan time.Time, 10)
	var last atomic.Pointer[time.Time]
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		now := time.Now()
		last.Store(&now)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- time.Now()
		}
	}
	s.Config.IdleTimeout = 5 * time.Second
	s.Start()
	defer s.Close()
	g := New(discard())
	g.Set([]drivers.Upstream{{URL: s.URL}})
	front := way(false).serve(t, g)
	post := func() {
		resp, err := http.Post(front.URL+"/v1/completions", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	learns(t, g, post)
	<-closed // that of the look
	post()
	select {
	case at := <-closed:
		if after := at.Sub(*last.Load()); after >= s.Config.IdleTimeout {
			t.Errorf("the server closed it, after %s", after)
		}
	case <-time.After(time.Minute):
		t.Error("the connection stays open")
	}
}
