package gateway

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"assay/drivers"
)

// canned is a server that answers every request with so many pieces, one write each, and allocates nothing meanwhile.
func canned(t testing.TB, pieces int) string {
	t.Helper()
	head := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
	piece, end := []byte("10\r\ndata: 12345678\n\n\r\n"), []byte("0\r\n\r\n")
	return accepting(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		for {
			for { // the header; the body is one line
				line, err := in.ReadSlice('\n')
				if err != nil {
					return
				}
				if bytes.Equal(line, []byte("{}\n")) {
					break
				}
			}
			_, _ = c.Write(head)
			for range pieces {
				_, _ = c.Write(piece)
			}
			_, _ = c.Write(end)
		}
	})
}

// sink is a client that counts what it gets.
type sink struct {
	header http.Header
	bytes  int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Flush()                      {}
func (s *sink) Write(b []byte) (int, error) { s.bytes += len(b); return len(b), nil }

// TestCosts: a piece of an answer costs no memory, and a request not more than it takes to make one.
func TestCosts(t *testing.T) {
	const few, many = 10, 1010
	cost := func(pieces int) float64 {
		g := New(discard())
		g.Set([]drivers.Upstream{{URL: canned(t, pieces)}})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://gateway/v1/completions", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr, r.ContentLength = "127.0.0.1:1", 3
		body := strings.NewReader("")
		w := &sink{header: http.Header{}}
		ask := func() {
			body.Reset("{}\n")
			r.Body = io.NopCloser(body)
			clear(w.header)
			g.ServeHTTP(w, r)
		}
		learns(t, g, ask)
		per := testing.AllocsPerRun(50, ask)
		if want := 52 * pieces * 16; w.bytes != want {
			t.Fatalf("%d bytes came, of %d", w.bytes, want)
		}
		return per
	}
	short, long := cost(few), cost(many)
	t.Logf("%.0f allocations for a request; %.4f for a piece", short, (long-short)/(many-few))
	if short > mostOfRequest {
		t.Errorf("a request takes %.0f allocations, more than %d", short, mostOfRequest)
	}
	if per := (long - short) / (many - few); per > 0.02 {
		t.Errorf("a piece takes %.3f allocations", per)
	}
}

// mostOfRequest is what net/http takes for a request to a server and back, with a tenth to spare.
const mostOfRequest = 82

// BenchmarkPass passes answers of 100 pieces on.
func BenchmarkPass(b *testing.B) {
	g := New(discard())
	g.Set([]drivers.Upstream{{URL: canned(b, 100)}})
	w := &sink{header: http.Header{}}
	for b.Loop() {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://gateway/v1/completions", strings.NewReader("{}\n"))
		if err != nil {
			b.Fatal(err)
		}
		r.RemoteAddr = "127.0.0.1:1"
		g.ServeHTTP(w, r)
	}
}
