package agent

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestAPartOfMetricsIsNoAnswer: a process that breaks off, or does not come to an end, is not handed on as if that were all: who
// scrapes would count a part. What is taken of an answer without end is bounded.
func TestAPartOfMetricsIsNoAnswer(t *testing.T) {
	var taken atomic.Int64
	process := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/whole":
			_, _ = io.WriteString(w, "a 1\n")
		case "/broken":
			_, _ = io.WriteString(w, strings.Repeat("a 1\n", 10_000))
			panic(http.ErrAbortHandler)
		case "/endless":
			for line := bytes.Repeat([]byte("a 1\n"), 1<<16); taken.Load() < 10<<30; {
				n, err := w.Write(line)
				if taken.Add(int64(n)); err != nil {
					return
				}
			}
		}
	}))
	t.Cleanup(process.Close)
	n := &nodes{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /private/{process}", n.private)
	agent := httptest.NewServer(mux)
	t.Cleanup(agent.Close)
	for name, whole := range map[string]bool{"whole": true, "broken": false, "endless": false} {
		n.offer(name, offer{url: process.URL + "/" + name})
		res, err := http.Get(agent.URL + "/private/" + name)
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		if (err == nil) != whole {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := taken.Load(); got > 2*mostFetched {
		t.Errorf("%d MiB of an endless answer were taken", got>>20)
	}
}
