package serving

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// leaving answers as llama.cpp's server: it closes the connection a little after a streamed answer, and says so only to who asks.
type leaving struct{ *flawed }

func (l leaving) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/version" { // here it leaves, too, later than the next request comes
		_, _ = io.Copy(io.Discard, r.Body)
		conn, out, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		_, _ = out.WriteString("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
		_ = out.Flush()
		time.Sleep(20 * time.Millisecond)
		_ = conn.(*net.TCPConn).CloseWrite()
		time.Sleep(time.Millisecond)
		return
	}
	if !strings.HasSuffix(r.URL.Path, "/completions") {
		l.flawed.ServeHTTP(w, r)
		return
	}
	var answer recorded
	l.flawed.ServeHTTP(&answer, r)
	_, _ = io.Copy(io.Discard, r.Body)
	conn, out, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	said := "Keep-Alive: timeout=5, max=100"
	if r.Close {
		said = "Connection: close"
	}
	_ = write(out.Writer, said, answer.body.String())
	time.Sleep(2 * time.Millisecond)
	_ = conn.(*net.TCPConn).CloseWrite() // shutdown, then close
	time.Sleep(time.Millisecond)
}

func write(w *bufio.Writer, said, body string) error {
	fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n%s\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", said, len(body), body)
	return w.Flush()
}

type recorded struct{ body strings.Builder }

func (r *recorded) Header() http.Header         { return http.Header{} }
func (r *recorded) WriteHeader(int)             {}
func (r *recorded) Write(b []byte) (int, error) { return r.body.Write(b) }
func (r *recorded) Flush()                      {}

// TestServersThatLeave: a server that closes its connections behind its answers loses no request, and that is said.
func TestServersThatLeave(t *testing.T) {
	res, _, err := measure(t, spec(func(v *v1alpha1.Serving) { v.Dataset, v.Prompts, v.Concurrency = "random", 100, 4 }), serveHandler(t, leaving{&flawed{}}))
	if err != nil {
		t.Fatal(err)
	}
	if res.Metrics["completed"] != 100 || res.Metrics["failed"] != 0 {
		t.Errorf("%g completed, %g lost: %+v", res.Metrics["completed"], res.Metrics["failed"], res.Reasons)
	}
	if res.Versions["connections"] == "" {
		t.Errorf("versions: %v", res.Versions)
	}
	res, _, err = measure(t, spec(func(v *v1alpha1.Serving) { v.Dataset, v.Prompts, v.Concurrency = "random", 100, 4 }), serve(t, &flawed{}))
	if err != nil || res.Versions["connections"] != "" {
		t.Errorf("a server that keeps them: %v, %v", err, res.Versions)
	}
}
