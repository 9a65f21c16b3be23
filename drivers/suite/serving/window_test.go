package serving

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestWindowHoldsTheRequestsAlone: the window begins after the warm-ups and ends with the last answer, on the wall clock, and
// every sample has its place in it.
func TestWindowHoldsTheRequestsAlone(t *testing.T) {
	var mu sync.Mutex
	var arrived []time.Time // of all but the canary
	f := &flawed{knows: structuredOutputs, misbehave: func(int, http.ResponseWriter, string) bool {
		mu.Lock()
		defer mu.Unlock()
		arrived = append(arrived, time.Now())
		return false
	}}
	v := spec(eight)
	v.Warmups = 3
	res, dir, err := measure(t, v, serve(t, f))
	if err != nil {
		t.Fatal(err)
	}
	w := res.Window
	if w == nil || w.Stepped != 0 || len(arrived) != 11 || !w.From.After(arrived[2]) || w.From.After(arrived[3]) || w.To.Before(arrived[10]) || w.To.After(time.Now()) {
		t.Fatalf("%+v, of requests that arrived at %v", w, arrived)
	}
	if got, want := w.Lasted().Seconds(), res.Metrics["duration_s"]; got-want > 1e-6 || want-got > 1e-6 {
		t.Errorf("the window lasts %v s, the measurement %v s", got, want)
	}
	packed, err := os.ReadFile(filepath.Join(dir, samplesFile))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for dec := json.NewDecoder(z); dec.More(); lines++ {
		var s struct {
			At int64 `json:"sent_unix_ns"`
		}
		if err := dec.Decode(&s); err != nil {
			t.Fatal(err)
		}
		if at := time.Unix(0, s.At); at.Before(w.From) || at.After(w.To) {
			t.Errorf("sample %d was sent at %s, outside of %s to %s", lines, at, w.From, w.To)
		}
	}
	if lines != 8 {
		t.Errorf("%d samples", lines)
	}
}
