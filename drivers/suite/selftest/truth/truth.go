//go:build linux

package truth

import (
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

// Pace is how the server answers.
type Pace struct {
	TTFT, ITL time.Duration // both 0: everything in one write
	Tokens    int           // 0: as many as the request asks for
	Each      int           // tokens a write without delay; 0: all
}

// Model is the name of the model that it serves.
const Model = "selftest/words"

// Server is one thread that accepts, reads and answers. It supports only what the clients need (http.go).
type Server struct {
	Pace
	Address                string // host:port
	epoll, listener, timer int
	clock                  socket.Clock
	recv                   *socket.Receiver
	armed                  time.Duration // when the timer goes off; 0: it is not set
	conns                  map[int]*peer
	streams                streams
	pieces                 map[[3]int][]byte // parts of answers: whether the first, tokens, and of the last the total
	wholes                 map[int][]byte    // answers without delay, by tokens; made once, so that the server is not the bottleneck
	record                 []byte            // id,arrived,first write,last write,tokens
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
	first   time.Duration // written
	chat    bool
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

// Listen takes a free port of the loopback.
func Listen(p Pace) (*Server, error) {
	t := &Server{Pace: p, clock: socket.NewClock(), recv: socket.NewReceiver(), conns: map[int]*peer{}, wholes: map[int][]byte{}, pieces: map[[3]int][]byte{}}
	return t, t.open()
}

// Serve serves until ctx ends, on a thread of its own.
func (t *Server) Serve(ctx context.Context) error {
	runtime.LockOSThread()
	defer socket.Own(1)()
	defer t.close()
	for ctx.Err() == nil {
		if err := t.turn(); err != nil {
			return err
		}
	}
	return nil
}

func (t *Server) open() (err error) {
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
	t.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(at.(*unix.SockaddrInet4).Port))
	return errors.Join(t.watch(t.listener), t.watch(t.timer))
}

// close ends every connection.
func (t *Server) close() {
	for fd := range t.conns {
		unix.Close(fd)
	}
	for _, fd := range []int{t.listener, t.timer, t.epoll} {
		unix.Close(fd)
	}
}

func (t *Server) watch(fd int) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(t.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}))
}

// turn writes the tokens that are due and handles what has arrived.
func (t *Server) turn() error {
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

func (t *Server) begin(p *peer, head, body string) {
	s := &stream{peer: p, id: header(head, "x-request-id"), total: t.Tokens, arrived: p.arrived, next: p.arrived + t.TTFT, chat: strings.HasPrefix(head, "POST /v1/chat/")}
	if s.total == 0 {
		s.total = asked(body)
	}
	if t.TTFT > 0 || s.chat {
		heap.Push(&t.streams, s)
		return
	}
	s.first, _ = t.clock.Now()
	last := s.first
	if t.Each == 0 {
		t.write(p, t.whole(s.total))
	}
	for n := 0; t.Each > 0 && n < s.total; n += t.Each {
		if n > 0 && n+t.Each >= s.total {
			last, _ = t.clock.Now()
		}
		t.write(p, t.piece(n, min(n+t.Each, s.total), s.total))
	}
	t.note(s, last)
}

// piece is the tokens from one to another of an answer, made once.
func (t *Server) piece(from, to, total int) []byte {
	key := [3]int{min(from, 1), to - from, 0}
	if to == total {
		key[2] = total
	}
	out, ok := t.pieces[key]
	if ok {
		return out
	}
	if from == 0 {
		out = append(out, start...)
	}
	for i := from; i < to; i++ {
		out = append(out, token(i == total-1, false)...)
	}
	if to == total {
		out = append(out, ending(total)...)
	}
	t.pieces[key] = out
	return out
}

// whole is an answer of so many tokens in one piece.
func (t *Server) whole(tokens int) []byte {
	if out, ok := t.wholes[tokens]; ok {
		return out
	}
	out := []byte(start)
	for i := range tokens {
		out = append(out, token(i == tokens-1, false)...)
	}
	t.wholes[tokens] = append(out, ending(tokens)...)
	return t.wholes[tokens]
}

// advance writes the next token of the stream that is due first.
func (t *Server) advance(s *stream) {
	var out []byte
	if s.written == 0 {
		out = append(out, start...)
	}
	s.written++
	out = append(out, token(s.written == s.total, s.chat)...)
	if s.written == s.total {
		out = append(out, ending(s.total)...)
	}
	now, _ := t.clock.Now()
	t.write(s.peer, out)
	if s.written == 1 {
		s.first = now
	}
	if s.written == s.total {
		t.note(s, now)
		heap.Pop(&t.streams)
		return
	}
	s.next += t.ITL
	heap.Fix(&t.streams, 0)
}

// write sends out. It breaks the connection of a peer that does not read.
func (t *Server) write(p *peer, out []byte) {
	if p.fd < 0 {
		return
	}
	if n, err := unix.Write(p.fd, out); err != nil || n < len(out) {
		fmt.Fprintf(os.Stderr, "truth: wrote %d of %d bytes: %v\n", n, len(out), err)
		_ = unix.Shutdown(p.fd, unix.SHUT_RDWR)
	}
}

// note records when a request arrived, when its first token and its last one were written, and how many there were.
func (t *Server) note(s *stream, last time.Duration) {
	t.record = append(t.record, s.id...)
	for _, n := range []int64{int64(s.arrived), int64(s.first), int64(last), int64(s.total)} {
		t.record = strconv.AppendInt(append(t.record, ','), n, 10)
	}
	t.record = append(t.record, '\n')
}
