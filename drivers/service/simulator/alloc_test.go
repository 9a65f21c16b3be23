package simulator

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// discard is a ResponseWriter that counts events.
type discard struct {
	header http.Header
	events int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { d.events++; return len(b), nil }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Flush()                      {}

// streamTo serves one streamed request of so many tokens.
func streamTo(t testing.TB, s *Server, path string, tokens int) {
	body := fmt.Sprintf(`{"model":"m","prompt":"p","messages":[{"role":"user","content":"p"}],"max_tokens":%d,"ignore_eos":true,"stream":true}`, tokens)
	r, err := http.NewRequest(http.MethodPost, path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	w := &discard{header: http.Header{}}
	if s.ServeHTTP(w, r); w.events != tokens+1 {
		t.Fatalf("%d events for %d tokens", w.events, tokens)
	}
}

// TestAllocationsOfAnEvent bounds what each further token of a stream costs: composing it, its event, the write.
func TestAllocationsOfAnEvent(t *testing.T) {
	s := New(Config{Model: "m", Simulate: v1alpha1.Simulate{TTFT: 1, ITL: 1}})
	for path, most := range map[string]float64{"/v1/completions": 4.2, "/v1/chat/completions": 5.2} {
		short := testing.AllocsPerRun(50, func() { streamTo(t, s, path, 100) })
		long := testing.AllocsPerRun(50, func() { streamTo(t, s, path, 300) })
		if n := (long - short) / 200; n > most {
			t.Errorf("%s: %.2f allocations for an event, at most %.2f are allowed", path, n, most)
		}
	}
}

// BenchmarkEvent is the cost of one event of a stream.
func BenchmarkEvent(b *testing.B) {
	const tokens = 1000
	s := New(Config{Model: "m", Simulate: v1alpha1.Simulate{TTFT: 1, ITL: 1}})
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		streamTo(b, s, "/v1/completions", tokens)
		n += tokens
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
}
