package gateway

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"assay/drivers"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// TestFlood: strangers that open connections and say nothing cut off no answer that is under way.
func TestFlood(t *testing.T) { bothWays(t, testFlood) }

func testFlood(t *testing.T, w way) {
	const most = 8
	more, began := make(chan struct{}), make(chan struct{})
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "first")
		w.(http.Flusher).Flush()
		close(began)
		<-more
		fmt.Fprintln(w, "last")
	})
	g := New(discard())
	g.most = most
	w.set(g, drivers.Upstream{URL: u.URL})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = g.Serve(t.Context(), l) }()
	resp, err := http.Post("http://"+l.Addr().String()+"/v1/completions", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	<-began
	for range 3 * most {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.(*net.TCPConn).SetNoDelay(true)
	}
	if resp, err := http.Get("http://" + l.Addr().String() + "/-/live"); err != nil { // all of them were accepted before this one
		t.Error(err)
	} else {
		_ = resp.Body.Close()
	}
	close(more)
	lines := bufio.NewScanner(resp.Body)
	var got []string
	for lines.Scan() {
		got = append(got, lines.Text())
	}
	if err := lines.Err(); err != nil || len(got) != 2 {
		t.Errorf("the answer is %q, %v", got, err)
	}
}
