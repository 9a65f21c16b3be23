package sse

import (
	"bytes"
	"testing"
	"time"
)

// pieces of a stream, as they come from the network.
var pieces = map[string][]byte{
	"an event like the last":  []byte("data: " + chunkA + "\n\n"),
	"an event with escapes":   []byte("data: " + chunkB + "\n\n"),
	"an event of a chat":      []byte(`data: {"id":"1","choices":[{"index":0,"delta":{"content":"a\"b"},"finish_reason":null}]}` + "\n\n"),
	"a thought":               []byte("data: " + thoughtA + "\n\n"),
	"the usage":               []byte("data: " + usage + "\n\n"),
	"eight events in a piece": bytes.Repeat([]byte("data: "+chunkA+"\n\n"), 8),
}

// TestNoAllocations: an event costs no allocation once the stream's buffers have grown, whole or cut in two.
func TestNoAllocations(t *testing.T) {
	for name, piece := range pieces {
		var s Stream
		s.Start(50_000)
		feed := func(pieces ...[]byte) {
			for _, p := range pieces {
				if f := s.Feed(p, time.Second); f != nil {
					t.Fatal(f)
				}
			}
		}
		feed(piece)
		if n := testing.AllocsPerRun(1000, func() { feed(piece) }); n != 0 {
			t.Errorf("%s: %g allocations", name, n)
		}
		feed(piece[:9], piece[9:])
		if n := testing.AllocsPerRun(1000, func() { feed(piece[:9], piece[9:]) }); n != 0 {
			t.Errorf("%s, cut in two: %g allocations", name, n)
		}
	}
}

// BenchmarkFeed is the cost of one piece.
func BenchmarkFeed(b *testing.B) {
	for name, piece := range pieces {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(piece)))
			var s Stream
			for i := 0; b.Loop(); i++ {
				if i%10_000 == 0 {
					b.StopTimer()
					s.Start(100_000)
					b.StartTimer()
				}
				if f := s.Feed(piece, time.Second); f != nil {
					b.Fatal(f)
				}
			}
		})
	}
}
