//go:build linux

package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// closer answers each connection's first request with an answer and closes it without having said so: the answer is whole by its
// framing, or by its [DONE] alone. It counts the requests that it read.
func closer(t *testing.T, whole bool) (url string, read *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	read = &atomic.Int64{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				req, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				read.Add(1)
				body := chunk + chunk + end
				ending := ""
				if whole {
					ending = "\r\n0\r\n\r\n"
				}
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s%s", len(body), body, ending)
				time.Sleep(time.Millisecond) // the next request is under way by then
			}()
		}
	}()
	return "http://" + l.Addr().String(), read
}

// TestUnannouncedClose: an answer that was whole is one, however its connection ended; and the request that went out on a connection
// which the server had already left is no failure of the server: it goes on a new one, and was read once.
func TestUnannouncedClose(t *testing.T) {
	for _, whole := range []bool{false, true} {
		for _, connections := range []int{0, 4} {
			url, read := closer(t, whole)
			for i, o := range drive(t, url, Options{Threads: 1, Timeout: 5 * time.Second}, connections, 4, false, requests(40, 0, "{}")) {
				if o.Failure != nil || len(o.Answer.Events) != 2 || o.Sent > o.Answer.Events[0] {
					t.Errorf("whole %v, request %d: %v", whole, i, o.Failure)
				}
			}
			if n := read.Load(); n != 40 {
				t.Errorf("whole %v: the server read %d requests", whole, n)
			}
		}
	}
}

// TestClosedWithoutAnswer: a server that reads a request and closes has failed it, and does not get it again.
func TestClosedWithoutAnswer(t *testing.T) {
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%2 == 0 {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, chunk+end)
	})
	failed := 0
	for _, o := range drive(t, s.URL, Options{Threads: 1, Timeout: 5 * time.Second}, 1, 1, false, requests(20, 0, "{}")) {
		if o.Failure != nil {
			failed++
		}
	}
	if failed != 10 || n.Load() != 20 {
		t.Errorf("%d of 20 failed, the server got %d", failed, n.Load())
	}
}
