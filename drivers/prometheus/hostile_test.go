package prometheus

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/drivers"
)

// bomb is a body of so many bytes of one comment, packed.
func bomb(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	line := []byte("# " + strings.Repeat("a", 1<<20-3) + "\n")
	for range size / len(line) {
		if _, err := z.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestHostileTargets: a scrape that is too large in any way counts as failed and names the limit, memory stays, and an honest
// target beside it is up.
func TestHostileTargets(t *testing.T) {
	t.Parallel()
	packed := bomb(t, 256<<20)
	var many bytes.Buffer
	for i := range 100_001 {
		fmt.Fprintf(&many, "a{b=\"%d\"} 1\n", i)
	}
	var seen atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	t.Cleanup(other.Close)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed)
		case "/endless":
			for line := []byte(strings.Repeat("# x\n", 1<<16)); ; {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		case "/samples":
			_, _ = w.Write(many.Bytes())
		case "/labels":
			_, _ = io.WriteString(w, "a{b0=\"\"")
			for i := range 70 {
				fmt.Fprintf(w, ",c%d=\"x\"", i)
			}
			_, _ = io.WriteString(w, "} 1\n")
		case "/value":
			fmt.Fprintf(w, "a{b=\"%s\"} 1\n", strings.Repeat("x", 9000))
		case "/name":
			fmt.Fprintf(w, "a{%s=\"x\"} 1\n", strings.Repeat("x", 300))
		case "/away":
			http.Redirect(w, r, other.URL+"/", http.StatusFound)
		default:
			_, _ = io.WriteString(w, exposition)
		}
	}))
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	want := map[string]string{"bomb": "body size limit", "endless": "body size limit", "samples": "sample limit", "labels": "label_limit",
		"value": "label_value_length_limit", "name": "label_name_length_limit", "away": "302"}
	e, err := Start(Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Interval: 5 * time.Second, Retain: time.Hour, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	targets := []drivers.Target{{ID: "honest", URL: srv.URL + "/metrics"}}
	for name := range want {
		targets = append(targets, drivers.Target{ID: name, URL: srv.URL + "/" + name})
	}
	if err := e.SetTargets(t.Context(), targets); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{"honest": true}
	for name := range want {
		all[name] = true
	}
	eventually(t, all, func() map[string]bool {
		out := map[string]bool{}
		for id, h := range healthOf(t, e) {
			out[id] = h.Up && h.Error == "" && id == "honest" || want[id] != "" && !h.Up && strings.Contains(h.Error, want[id])
		}
		return out
	})
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapSys > 1<<30 {
		t.Errorf("the heap has %d bytes", m.HeapSys)
	}
	if seen.Load() > 0 {
		t.Error("a redirect was followed to another port")
	}
}

// TestAnEndlessScrapeIsCutOff: what is beyond the limit of a scrape is not taken either. A server with a gibibyte has most of it left,
// and its next scrape, over a new connection, is taken when it is as it should be. A sample with a million labels is a failure, and
// costs what it has in bytes.
func TestAnEndlessScrapeIsCutOff(t *testing.T) {
	t.Parallel()
	taken := make(chan int64, 1)
	var asked atomic.Int64
	var labelled bytes.Buffer
	labelled.WriteString("a{")
	for i := range 1_000_000 {
		fmt.Fprintf(&labelled, "c%d=\"x\",", i)
	}
	labelled.WriteString("} 1\n")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/labels" {
			_, _ = w.Write(labelled.Bytes())
			return
		}
		if asked.Add(1) > 1 {
			_, _ = io.WriteString(w, exposition)
			return
		}
		var sent int64
		for line := bytes.Repeat([]byte("# x\n"), 1<<16); sent < 1<<30; {
			n, err := w.Write(line)
			if sent += int64(n); err != nil {
				break
			}
		}
		taken <- sent
	}))
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	e, err := Start(Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Interval: 15 * time.Second, Retain: time.Hour, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if err := e.SetTargets(t.Context(), []drivers.Target{{ID: "endless", URL: srv.URL + "/metrics"}, {ID: "labels", URL: srv.URL + "/labels"}}); err != nil {
		t.Fatal(err)
	}
	select {
	case n := <-taken:
		if n > 64<<20 {
			t.Errorf("%d MiB were taken", n>>20)
		}
	case <-time.After(time.Minute):
		t.Fatal("it was not asked, or is being read")
	}
	eventually(t, true, func() bool {
		h := healthOf(t, e)
		return h["endless"].Up && strings.Contains(h["labels"].Error, "label_limit")
	})
}

// TestEndlessAnswer: a Prometheus whose answer does not end is an error.
func TestEndlessAnswer(t *testing.T) {
	var sent atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for piece := make([]byte, 1<<20); sent.Load() < 10<<30; {
			n, err := w.Write(piece)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	}))
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	c, err := NewClient(srv.URL, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
	if n := sent.Load(); n > 128<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

// TestChangingNames: a target whose series are new with every scrape goes down at its limit, and says why; one beside it,
// with as many series that stay the same, does not.
func TestChangingNames(t *testing.T) {
	t.Parallel()
	var scrapes atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int64(0)
		if r.URL.Path == "/changing" {
			n = scrapes.Add(1)
		}
		for i := range 100 {
			fmt.Fprintf(w, "x{scrape=\"%d\",i=\"%d\"} 1\n", n, i)
		}
	}))
	t.Cleanup(srv.Close)
	e := start(t)
	e.churn.mu.Lock()
	e.churn.most = 250
	e.churn.mu.Unlock()
	if err := e.SetTargets(t.Context(), []drivers.Target{{ID: "changing", URL: srv.URL + "/changing"}, {ID: "steady", URL: srv.URL + "/steady"}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, map[string]bool{"changing": true, "steady": true}, func() map[string]bool {
		out := map[string]bool{}
		for _, id := range []string{"steady", "changing"} {
			h := healthOf(t, e)[id]
			out[id] = id == "steady" && h.Up || id == "changing" && !h.Up && strings.Contains(h.Error, "more than 250 series")
		}
		return out
	})
}
