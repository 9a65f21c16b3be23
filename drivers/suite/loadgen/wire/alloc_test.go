//go:build linux

package wire

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/bounded"
	"assay/drivers/suite/loadgen/socket"
)

// streaming is a response whose head has been read, with the socket that it comes from.
type streaming struct {
	server, client int
	recv           *socket.Receiver
	resp           response
	piece          []byte
}

func newStreaming(t testing.TB) *streaming {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(pair[0]); unix.Close(pair[1]) })
	s := &streaming{server: pair[0], client: pair[1], recv: socket.NewReceiver(), piece: fmt.Appendf(nil, "%x\r\n%s\r\n", len(chunk), chunk)}
	s.resp.start(1<<20, 1<<40, bounded.NewBudget(1<<40))
	if f := s.resp.feed([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), 0); f != nil {
		t.Fatal(f)
	}
	s.next(t)
	return s
}

// next sends one chunk of the answer, and reads and scans it.
func (s *streaming) next(t testing.TB) {
	if _, err := unix.Write(s.server, s.piece); err != nil {
		t.Fatal(err)
	}
	piece, _, err := s.recv.Read(s.client)
	if err != nil || len(piece) != len(s.piece) {
		t.Fatalf("read %d bytes: %v", len(piece), err)
	}
	if f := s.resp.feed(piece, time.Second); f != nil {
		t.Fatal(f)
	}
}

// TestNoAllocations: a chunk of a streamed answer is read from its socket and scanned without an allocation.
func TestNoAllocations(t *testing.T) {
	s := newStreaming(t)
	if n := testing.AllocsPerRun(1000, func() { s.next(t) }); n != 0 {
		t.Errorf("%g allocations for a chunk", n)
	}
	if len(s.resp.stream.Events) < 1000 {
		t.Errorf("%d events", len(s.resp.stream.Events))
	}
}

// BenchmarkChunk is the cost of one chunk, with the write that brings it.
func BenchmarkChunk(b *testing.B) {
	s := newStreaming(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%(1<<19) == 0 {
			b.StopTimer()
			s.resp.stream.Start(1 << 20)
			b.StartTimer()
		}
		s.next(b)
	}
}
