package gateway

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/drivers"
)

// quietPair is a quiet connection and its other end.
func quietPair(t *testing.T) (q, other net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if other, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if q, err = (quietListener{l}).Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close(); _ = other.Close() })
	if _, ok := q.(*quiet); !ok {
		t.Fatalf("an accepted connection is a %T", q)
	}
	return q, other
}

// TestQuietConnections behave as those of package net do.
func TestQuietConnections(t *testing.T) {
	q, other := quietPair(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // more than the kernel takes at once, both ways
	got := make(chan []byte, 1)
	go func() {
		b := make([]byte, len(want))
		_, err := io.ReadFull(other, b)
		if err != nil {
			b = nil
		}
		got <- b
		_, _ = other.Write(want)
	}()
	if n, err := q.Write(want); err != nil || n != len(want) {
		t.Fatalf("%d bytes of %d were written: %v", n, len(want), err)
	}
	if !bytes.Equal(<-got, want) {
		t.Fatal("what was written came changed")
	}
	b := make([]byte, len(want))
	if _, err := io.ReadFull(q, b); err != nil || !bytes.Equal(b, want) {
		t.Fatalf("what was sent came changed: %v", err)
	}

	_ = q.SetReadDeadline(time.Now().Add(-time.Second))
	var late net.Error
	if _, err := q.Read(b); !errors.As(err, &late) || !late.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read beyond its deadline: %v", err)
	}
	_ = q.SetReadDeadline(time.Time{})
	_ = other.(*net.TCPConn).CloseWrite()
	if n, err := q.Read(b); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d bytes, %v", n, err)
	}
	if n, err := q.Read(nil); n != 0 || err != nil {
		t.Errorf("a read of nothing: %d, %v", n, err)
	}
	_ = other.(*net.TCPConn).SetLinger(0)
	_ = other.Close()
	var op *net.OpError
	_, err := q.Write(want)
	if !errors.As(err, &op) || op.Op != "write" || unsent(err) {
		t.Errorf("a write to one that is gone: %v", err)
	}
	_ = q.Close()
	if _, err := q.Read(b); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a read of a closed one: %v", err)
	}
}

// TestQuietConnectionsCost: a write and a read take no memory.
func TestQuietConnectionsCost(t *testing.T) {
	q, other := quietPair(t)
	go func() { _, _ = io.Copy(other, other) }()
	b := []byte("data: 12345678\n\n")
	if per := testing.AllocsPerRun(200, func() {
		if _, err := q.Write(b); err != nil {
			t.Error(err)
		}
		if _, err := io.ReadFull(q, b); err != nil {
			t.Error(err)
		}
	}); per > 0.1 {
		t.Errorf("%.1f allocations for a write and a read", per)
	}
}

// TestConnectionsAreKept: so many requests at a time need about as many connections to the server, however many follow.
func TestConnectionsAreKept(t *testing.T) {
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
	g.Set([]drivers.Upstream{{URL: s.URL}})
	front := httptest.NewServer(g)
	defer front.Close()
	const streams, each = 100, 20
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: streams}}
	var all sync.WaitGroup
	for range streams {
		all.Go(func() {
			for range each {
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
		})
	}
	all.Wait()
	t.Logf("%d connections for %d requests, %d at a time", dials.Load(), streams*each, streams)
	if dials.Load() > 2*streams {
		t.Errorf("%d connections were made for %d requests at a time", dials.Load(), streams)
	}
}
