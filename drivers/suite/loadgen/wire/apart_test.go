//go:build linux

package wire

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/suite/loadgen/socket"
	"assay/drivers/suite/selftest/truth"
)

// answering is a loop with one connection that waits for its answer, and the server's end of it.
func answering(t *testing.T) (*loop, *conn, net.Conn, *Outcome) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	e, err := Open(ctx, []string{"http://" + ln.Addr().String()}, 1, Options{Threads: 1, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	l, out := e.loops[0], &Outcome{}
	l.job = job{Work: Work{Count: 1, Ended: func(_ int, o *Outcome) { *out = *o }}}
	now := socket.Monotonic()
	l.send(0, &Request{Events: 4, Bytes: []byte("POST / HTTP/1.1\r\n\r\n")}, now, now, now)
	for _, c := range l.conns {
		return l, c, server, out
	}
	t.Fatal("no connection")
	return nil, nil, nil, nil
}

// arrives writes a piece and returns when it has arrived.
func arrives(t *testing.T, server net.Conn, c *conn, piece string, all int) time.Duration {
	t.Helper()
	if _, err := server.Write([]byte(piece)); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
		if n, err := unix.IoctlGetInt(c.fd, unix.SIOCINQ); err != nil || n >= all {
			return socket.Monotonic()
		}
	}
	t.Fatal("it does not arrive")
	return 0
}

func chunkOf(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// TestApart: of packets that gathered unread, the first event and the last one have their own stamps, and not that of the last packet.
// On a busy machine this thread can lose its CPU between the readings of two clocks, by which all is compared: a fault shows each time.
func TestApart(t *testing.T) {
	var faults []string
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until) && len(faults) < 4; {
		fault, blind := apart(t)
		switch {
		case blind: // the kernel begins to stamp after it was first asked to, when one of its threads comes to that
			time.Sleep(10 * time.Millisecond)
		case fault == "":
			return
		default:
			faults = append(faults, fault)
		}
	}
	if len(faults) == 0 {
		t.Fatal("the kernel stamps nothing")
	}
	t.Error(strings.Join(faults, "\n"))
}

// apart lets one answer gather and says what is wrong with its times. blind: the kernel stamped nothing.
func apart(t *testing.T) (fault string, blind bool) {
	l, c, server, out := answering(t)
	if err := unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 0); err != nil { // as a connection is that was used before
		t.Fatal(err)
	}
	arrived := gathers(t, c, server)
	before, wrote := l.recv.Calls, c.outcome.Blur
	l.watch.since = 1 // nobody looked since long ago
	l.read(c)
	if l.crowd.blind {
		return "", true
	}
	events := out.Answer.Events
	if out.Failure != nil || len(events) != len(arrived) {
		t.Fatalf("%d events, %v", len(events), out.Failure)
	}
	last := len(events) - 1
	if events[0] > arrived[0] {
		fault += fmt.Sprintf("the first event came %v after it had; ", events[0]-arrived[0])
	}
	if at := events[last]; at < arrived[last-1] || at > arrived[last] {
		fault += fmt.Sprintf("the last event: %v, it came between %v and %v; ", at, arrived[last-1], arrived[last])
	}
	// By the stamps themselves: when this test sees that a packet has arrived, it can have been there for a while.
	if most := events[last] - events[0]; out.Blur > max(most, wrote) {
		fault += fmt.Sprintf("a blur of %v, all came within %v; ", out.Blur, most)
	}
	if n := l.recv.Calls - before; n > 1+mostParts {
		fault += fmt.Sprintf("%d reads; ", n)
	}
	return fault, false
}

// gathers sends an answer of five events, a packet each, and returns when each has arrived.
func gathers(t *testing.T, c *conn, server net.Conn) (arrived []time.Duration) {
	t.Helper()
	one, all := chunkOf(chunk), 0
	for _, p := range []string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + one, one, one, one, one + chunkOf(end) + "0\r\n\r\n"} {
		all += len(p)
		arrived = append(arrived, arrives(t, server, c, p, all))
	}
	return arrived
}

// TestResetTold: an error of a connection is told to whom looks first; an answer that lies before it is whole.
func TestResetTold(t *testing.T) {
	l, c, server, out := answering(t)
	_ = server.(*net.TCPConn).SetLinger(0)
	server.Close() // a reset: the request was not read
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
		var info *unix.TCPInfo
		if info, _ = unix.GetsockoptTCPInfo(c.fd, unix.IPPROTO_TCP, unix.TCP_INFO); info != nil && info.State == 7 { // closed
			break
		}
	}
	c.reused, l.watch.since = false, 1
	l.read(c)
	if out.Failure == nil || !strings.Contains(out.Failure.Message, "reset") {
		t.Errorf("%+v", out.Failure)
	}
}

// TestCut: the parts of a piece are whole events, together they are the piece, and the first event is the first.
func TestCut(t *testing.T) {
	for n := range 40 {
		piece := "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat(chunkOf(chunk), n)
		parts, at := cut([]byte(piece), mostParts, nil), 0
		for i, size := range parts {
			if at += size; i < len(parts)-1 && !strings.HasSuffix(piece[:at], chunkOf(chunk)) {
				t.Errorf("%d events: a part ends with %q", n, piece[:at])
			}
		}
		if at != len(piece) || len(parts) > mostParts || n > 0 && strings.Count(piece[:parts[0]], "data:") != 1 {
			t.Errorf("%d events: %v", n, parts)
		}
	}
	if parts := cut([]byte("data: x\n\ndata: y\n\n"), mostParts, nil); len(parts) != 2 {
		t.Errorf("without chunks: %v", parts)
	}
}

// TestReadsPerAnswer: an answer that a server writes at once is read at once, whatever gathers, but for a look at it now and then.
func TestReadsPerAnswer(t *testing.T) {
	server, err := truth.Listen(truth.Pace{Tokens: 16})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- server.Serve(ctx) }()
	defer func() { stop(); <-ended }()
	const n = 4000
	e, err := Open(ctx, []string{"http://" + server.Address}, 64, Options{Threads: 2, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r := &Request{Events: 17, Bytes: []byte("POST /v1/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")}
	calls := e.loops[0].recv.Calls + e.loops[1].recv.Calls
	_, err = e.Run(ctx, Work{Count: n, Request: func(int) *Request { return r }, Ended: func(_ int, o *Outcome) {
		if o.Failure != nil || len(o.Answer.Events) != 16 {
			t.Errorf("%+v", o)
		}
	}}, Load{Bound: 64})
	if err != nil {
		t.Fatal(err)
	}
	calls = e.loops[0].recv.Calls + e.loops[1].recv.Calls - calls
	if most := n + n/4; calls > most {
		t.Errorf("%d reads for %d answers", calls, n)
	}
}
