//go:build linux

package wire

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/drivers/bounded"
	"assay/drivers/suite"
)

// flood answers every connection with a beginning and then the same piece again and again, up to 10 GB, and counts it.
func flood(t *testing.T, beginning, piece string, pause time.Duration) (url string, sent *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	sent = &atomic.Int64{}
	if pause == 0 {
		piece = strings.Repeat(piece, 1+(64<<10)/len(piece))
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Read(make([]byte, 4096))
				_, err := io.WriteString(c, beginning)
				for err == nil && sent.Load() < 10<<30 {
					var n int
					n, err = io.WriteString(c, piece)
					sent.Add(int64(n))
					time.Sleep(pause)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String(), sent
}

// TestHostileServers: whatever a server sends without end, the request fails with a name for it, little is read, and memory
// stays; the answers of an honest server are what they are.
func TestHostileServers(t *testing.T) {
	const limit = 4 << 20
	ok := "HTTP/1.1 200 OK\r\n"
	chunked := ok + "Transfer-Encoding: chunked\r\n\r\n"
	until := ok + "\r\n"
	one := func(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }
	for name, c := range map[string]struct {
		beginning, piece string
		kind             string
		pause            time.Duration
	}{
		"ten gigabytes":      {ok + "Content-Length: 10737418240\r\n\r\n", chunk, suite.TooLarge, 0},
		"endless events":     {until, chunk, suite.TooLarge, 0},
		"empty events":       {chunked, one("data: {\"choices\":[{\"text\":\"\"}]}\n\n"), suite.TooLarge, 0},
		"chunks of one byte": {chunked, "1\r\n:\r\n", suite.TooLarge, 0},
		"one line":           {until + "data: ", "x", suite.TooLarge, 0},
		"comments":           {until, ": wait\n", suite.TooLarge, 0},
		"one header":         {ok + "X: ", "y", "bad_http", 0},
		"headers":            {ok, "X: y\r\n", "bad_http", 0},
		"early hints":        {"", "HTTP/1.1 103 Early Hints\r\n\r\n", suite.TooLarge, 0},
		"extensions":         {chunked, "1;x=y\r\n:\r\n", suite.TooLarge, 0},
		"trailers":           {chunked + one(chunk+end) + "0\r\n", "X: y\r\n", suite.TooLarge, 0},
		"behind the end":     {until + chunk + end, "x", suite.TooLarge, 0},
		"an error":           {"HTTP/1.1 500 No\r\n\r\n", "x", "http_500", 0},
		"a drip":             {until, ": \n", "timeout", 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			url, sent := flood(t, c.beginning, c.piece, c.pause)
			o := Options{Threads: 1, Timeout: 20 * time.Second, Limit: limit}
			if c.pause > 0 {
				o.Timeout = 300 * time.Millisecond
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			out := drive(t, url, o, 0, 1, false, requests(1, 0, "{}"))
			runtime.ReadMemStats(&after)
			if f := out[0].Failure; f == nil || f.Kind != c.kind {
				t.Errorf("failure %v, want %s", f, c.kind)
			}
			if n := sent.Load(); n > 64<<20 {
				t.Errorf("%d bytes were taken", n)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 16*limit {
				t.Errorf("%d bytes were allocated", used)
			}
		})
	}
}

// TestRunIsBounded: when the answers of a run are too many together, those that follow fail with the name of it. An honest
// server, whose answers are what was granted, is measured as without a limit.
func TestRunIsBounded(t *testing.T) {
	answer := chunk + chunk + end
	whole := fmt.Sprintf("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
	list := requests(10, 0, "{}")
	run := func(base int64) (failed int, last *suite.Failure) {
		list.grant = int64(len(whole)) / 2
		for _, o := range drive(t, raw(t, whole), Options{Threads: 1, Timeout: 10 * time.Second, Budget: bounded.NewBudget(base)}, 0, 1, false, list) {
			if o.Failure != nil {
				failed, last = failed+1, o.Failure
			} else if len(o.Answer.Events) != 2 || o.Answer.Completion != 2 {
				t.Errorf("%+v", o.Answer)
			}
		}
		return failed, last
	}
	if failed, last := run(int64(6 * len(whole))); failed != 0 {
		t.Errorf("within its budget %d requests failed: %v", failed, last)
	}
	if failed, last := run(0); failed < 5 || last.Kind != suite.TooLarge || !strings.Contains(last.Message, "of this run") {
		t.Errorf("%d requests failed, %v", failed, last)
	}
}
