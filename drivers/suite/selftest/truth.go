//go:build linux

package main

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/suite/loadgen/socket"
)

// pace is how the truth server answers.
type pace struct {
	ttft, itl time.Duration // both 0: everything in one write
	tokens    int           // 0: as many as the request asks for
}

// truth is one thread that accepts, reads and answers. It understands no more than it needs to: GET /v1/models, /truth
// and others, and POST with a Content-Length.
type truth struct {
	pace
	epoll, listener, timer int
	clock                  socket.Clock
	recv                   *socket.Receiver
	armed                  time.Duration // when the timer goes off; 0: it does not
	conns                  map[int]*peer
	streams                streams
	wholes                 map[int][]byte // answers without delay, by tokens: made once, or the server would be what is measured
	record                 []byte         // id,arrived,first write
}

// peer is a connection and what it has sent so far.
type peer struct {
	fd      int
	in      []byte
	arrived time.Duration
}

// stream is an answer that is under way.
type stream struct {
	peer    *peer
	id      string
	next    time.Duration
	written int // tokens
	total   int
	arrived time.Duration
}

type streams []*stream

func (s streams) Len() int           { return len(s) }
func (s streams) Less(i, j int) bool { return s[i].next < s[j].next }
func (s streams) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *streams) Push(x any)        { *s = append(*s, x.(*stream)) }
func (s *streams) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// serveTruth listens on a free port of the loopback, says which on standard output, and serves until ctx ends.
func serveTruth(ctx context.Context, p pace) error {
	runtime.LockOSThread()
	defer socket.Own(1)()
	t := &truth{pace: p, clock: socket.NewClock(), recv: socket.NewReceiver(), conns: map[int]*peer{}, wholes: map[int][]byte{}}
	if err := t.open(); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := t.turn(); err != nil {
			return err
		}
	}
	return nil
}

func (t *truth) open() (err error) {
	if t.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return os.NewSyscallError("socket", err)
	}
	if err = unix.Bind(t.listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err = unix.Listen(t.listener, 4096); err != nil {
		return os.NewSyscallError("listen", err)
	}
	at, err := unix.Getsockname(t.listener)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	if t.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if t.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return os.NewSyscallError("timerfd_create", err)
	}
	fmt.Println(net.JoinHostPort("127.0.0.1", strconv.Itoa(at.(*unix.SockaddrInet4).Port)))
	return errors.Join(t.watch(t.listener), t.watch(t.timer))
}

func (t *truth) watch(fd int) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(t.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}))
}

// turn writes what is due and handles what has come.
func (t *truth) turn() error {
	now, _ := t.clock.Now()
	for len(t.streams) > 0 && t.streams[0].next <= now {
		t.advance(t.streams[0])
		now, _ = t.clock.Now()
	}
	var events [256]unix.EpollEvent
	until := now + 100*time.Millisecond
	if len(t.streams) > 0 {
		until = min(until, t.streams[0].next)
	}
	if t.armed == 0 || until < t.armed {
		spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(until))}
		if err := unix.TimerfdSettime(t.timer, unix.TFD_TIMER_ABSTIME, &spec, nil); err != nil {
			return os.NewSyscallError("timerfd_settime", err)
		}
		t.armed = until
	}
	n, err := socket.Wait(t.epoll, events[:])
	if err != nil {
		return err
	}
	for _, e := range events[:n] {
		switch fd := int(e.Fd); fd {
		case t.timer:
			var b [8]byte
			_, _ = unix.Read(fd, b[:])
			t.armed = 0
		case t.listener:
			t.accept()
		default:
			t.read(t.conns[fd])
		}
	}
	return nil
}

func (t *truth) accept() {
	for {
		fd, _, err := unix.Accept4(t.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return // none left, or none to be had: the client will notice
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		_ = socket.Stamped(fd)
		if t.watch(fd) != nil {
			unix.Close(fd)
			continue
		}
		t.conns[fd] = &peer{fd: fd}
	}
}

func (t *truth) read(p *peer) {
	piece, stamp, err := t.recv.Read(p.fd)
	if errors.Is(err, unix.EAGAIN) {
		return
	}
	if err != nil || len(piece) == 0 {
		delete(t.conns, p.fd)
		unix.Close(p.fd)
		p.fd = -1
		return
	}
	now, ahead := t.clock.Now()
	if p.arrived = now; stamp > 0 {
		p.arrived = min(now, stamp-ahead)
	}
	p.in = append(p.in, piece...)
	if head, body, ok := whole(p.in); ok {
		t.answer(p, head, body)
		p.in = p.in[:0]
	}
}

// whole splits a request that is there to its end.
func whole(in []byte) (head, body string, ok bool) {
	end := bytes.Index(in, []byte("\r\n\r\n"))
	if end < 0 {
		return "", "", false
	}
	head = string(in[:end])
	length, _ := strconv.Atoi(header(head, "content-length"))
	if len(in) < end+4+length {
		return "", "", false
	}
	return head, string(in[end+4 : end+4+length]), true
}

func header(head, name string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (t *truth) answer(p *peer, head, body string) {
	switch {
	case strings.HasPrefix(head, "POST "):
		t.begin(p, head, body)
	case strings.HasPrefix(head, "GET /v1/models "):
		t.document(p, "200 OK", `{"object":"list","data":[{"id":"`+model+`","owned_by":"loadbench"}]}`)
	case strings.HasPrefix(head, "GET /truth "):
		t.document(p, "200 OK", string(t.record))
		t.record = t.record[:0]
	default:
		t.document(p, "404 Not Found", "no such document")
	}
}

func (t *truth) document(p *peer, status, text string) {
	out := fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, len(text), text)
	for wait := 0; len(out) > 0 && wait < 1000; { // a long record needs more than one write; nothing is measured now
		n, err := unix.Write(p.fd, out)
		if err != nil {
			time.Sleep(time.Millisecond)
			wait++
			continue
		}
		out = out[n:]
	}
}

func (t *truth) begin(p *peer, head, body string) {
	s := &stream{peer: p, id: header(head, "x-request-id"), total: t.tokens, arrived: p.arrived, next: p.arrived + t.ttft}
	if s.total == 0 {
		s.total = asked(body)
	}
	if t.ttft > 0 {
		heap.Push(&t.streams, s)
		return
	}
	out := t.whole(s.total)
	first, _ := t.clock.Now()
	t.write(p, out)
	t.note(s, first)
}

// whole is an answer of so many tokens in one piece.
func (t *truth) whole(tokens int) []byte {
	if out, ok := t.wholes[tokens]; ok {
		return out
	}
	out := []byte(start)
	for i := range tokens {
		out = append(out, token(i == tokens-1)...)
	}
	t.wholes[tokens] = append(out, ending(tokens)...)
	return t.wholes[tokens]
}

// advance writes the next token of the stream that is due first.
func (t *truth) advance(s *stream) {
	var out []byte
	if s.written == 0 {
		out = append(out, start...)
	}
	s.written++
	out = append(out, token(s.written == s.total)...)
	if s.written == s.total {
		out = append(out, ending(s.total)...)
	}
	now, _ := t.clock.Now()
	t.write(s.peer, out)
	if s.written == 1 {
		t.note(s, now)
	}
	if s.written == s.total {
		heap.Pop(&t.streams)
		return
	}
	s.next += t.itl
	heap.Fix(&t.streams, 0)
}

// write gives up on a peer that does not read: its client will see a broken stream.
func (t *truth) write(p *peer, out []byte) {
	if p.fd < 0 {
		return
	}
	if n, err := unix.Write(p.fd, out); err != nil || n < len(out) {
		fmt.Fprintf(os.Stderr, "truth: wrote %d of %d bytes: %v\n", n, len(out), err)
		_ = unix.Shutdown(p.fd, unix.SHUT_RDWR)
	}
}

func (t *truth) note(s *stream, first time.Duration) {
	t.record = strconv.AppendInt(append(append(t.record, s.id...), ','), int64(s.arrived), 10)
	t.record = append(strconv.AppendInt(append(t.record, ','), int64(first), 10), '\n')
}

// asked is the max_tokens of a request.
func asked(body string) int {
	_, rest, _ := strings.Cut(body, `"max_tokens":`)
	rest = strings.TrimLeft(rest, " ")
	n := 0
	for _, c := range rest {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	return max(1, n)
}

const start = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"

var plainToken, lastToken = chunked(event("null")), chunked(event(`"length"`))

func token(last bool) []byte {
	if last {
		return lastToken
	}
	return plainToken
}

func event(finish string) string {
	return `data: {"id":"cmpl-0123456789abcdef","object":"text_completion","created":1700000000,"model":"` + model +
		`","choices":[{"index":0,"text":" word","logprobs":null,"finish_reason":` + finish + `,"stop_reason":null}],"usage":null}` + "\n\n"
}

func ending(tokens int) []byte {
	usage := fmt.Sprintf(`data: {"id":"cmpl-0123456789abcdef","object":"text_completion","created":1700000000,"model":"%s","choices":[],"usage":{"prompt_tokens":8,"total_tokens":%d,"completion_tokens":%d}}`+"\n\n", model, tokens+8, tokens)
	return append(append(chunked(usage), chunked("data: [DONE]\n\n")...), "0\r\n\r\n"...)
}

func chunked(s string) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(s), s) }
