package coordinator

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/drivers/suite/coordinator/coordinatortest"
)

// task is the briefing of the tests: what a worker does when it has joined.
type task struct{ Do string }

func TestMain(m *testing.M) {
	coordinatortest.Main(func(ctx context.Context, dir string) error {
		var what task
		leader, node, err := Join(ctx, dir, &what)
		if err != nil {
			return err
		}
		defer leader.Close()
		if what.Do == "die" && node == 2 {
			return errors.New("killed")
		}
		for {
			var n int
			if leader.Receive(ctx, &n) != nil {
				return nil // the leader has closed
			}
			if err := leader.Send(n * node); err != nil {
				return err
			}
		}
	})
	os.Exit(m.Run())
}

func begin(t *testing.T, do string) (*Leader, context.Context, string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Cleanup(func() { cancel(nil) })
	dir := t.TempDir()
	l, err := Start(ctx, cancel, Options{Dir: dir, Others: 3, Srun: self}, task{do})
	return l, ctx, dir, err
}

func TestConversation(t *testing.T) {
	l, ctx, dir, err := begin(t, "multiply")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, rendezvousFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	var got []int
	for _, p := range l.Others {
		if err := p.Send(10); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := p.Receive(ctx, &n); err != nil {
			t.Fatal(err)
		}
		got = append(got, n)
	}
	if !slices.Equal(got, []int{10, 20, 30}) {
		t.Errorf("nodes say %v", got)
	}
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, rendezvousFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the token is still there: %v", err)
	}
}

// TestSrunThatHangs: a stranger who connects to its ports keeps srun from ending. The workers have ended, and so the run is over
// and its result counts.
func TestSrunThatHangs(t *testing.T) {
	t.Setenv(coordinatortest.Hangs, "1")
	l, ctx, _, err := begin(t, "multiply")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	time.Sleep(2 * time.Second)
	if err := context.Cause(ctx); err != nil {
		t.Errorf("the run was ended: %v", err)
	}
}

// TestADeadWorker ends what waits for it.
func TestADeadWorker(t *testing.T) {
	l, ctx, _, err := begin(t, "die")
	if err == nil {
		var n int
		err = l.Others[1].Receive(ctx, &n)
		<-ctx.Done()
		err = errors.Join(err, context.Cause(ctx), l.Close())
	}
	if err == nil || !strings.Contains(err.Error(), "workers of the other nodes") {
		t.Errorf("got %v", err)
	}
}

func dial(t *testing.T, l net.Listener) *Peer {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return newPeer(c, mostHello)
}

// TestStrangers: a connection without the token, for a node that has joined already, or without a hello is closed, and the
// others still join.
func TestStrangers(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	l := &Leader{Others: make([]*Peer, 2)}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	joined := make(chan error, 1)
	go func() { joined <- l.accept(ctx, listener, "right") }()
	_, _ = dial(t, listener).conn.Write([]byte("?\n"))
	h := hello{Node: 1, Nonce: "drawn"}
	for name, stranger := range map[string]func(*Peer, answer) error{
		"without a proof":   func(p *Peer, _ answer) error { return p.Send(reply{}) },
		"with the leader's": func(p *Peer, a answer) error { return p.Send(reply{a.Proof}) },
		"with that of another node": func(p *Peer, a answer) error {
			return p.Send(reply{prove("right", ofWorker, hello{2, h.Nonce}, a.Nonce)})
		},
		"with that of another greeting": func(p *Peer, a answer) error { return p.Send(reply{prove("right", ofWorker, h, "earlier")}) },
		"with another token":            func(p *Peer, a answer) error { return p.Send(reply{prove("wrong", ofWorker, h, a.Nonce)}) },
	} {
		p := dial(t, listener)
		var a answer
		if err := errors.Join(p.Send(h), p.hear(&a, 20*time.Second), stranger(p, a)); err != nil {
			t.Fatal(err)
		}
		if err := p.hear(&a, 20*time.Second); err == nil || os.IsTimeout(err) {
			t.Errorf("a worker %s is let in: %v", name, err)
		}
	}
	if err := dial(t, listener).greet("wrong", 1); !errors.Is(err, errUnproven) {
		t.Errorf("a worker with another token believes this leader: %v", err)
	}
	for _, node := range []int{0, 3, 1, 1, 2} {
		if err := dial(t, listener).greet("right", node); err != nil {
			t.Errorf("node %d: %v", node, err)
		}
	}
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
	late, stop := context.WithCancelCause(t.Context())
	stop(errors.New("stopped"))
	if err := (&Leader{Others: make([]*Peer, 1)}).accept(late, listener, "right"); err == nil || !strings.Contains(err.Error(), "0 of 1 other nodes joined") {
		t.Errorf("got %v", err)
	}
}

// TestAFloodOfStrangers: 2,000 connections that say nothing and one that says a gigabyte without end keep no worker out, and
// cost no memory.
func TestAFloodOfStrangers(t *testing.T) {
	const flood = 2000
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	l := &Leader{Others: make([]*Peer, 2)}
	joined := make(chan error, 1)
	go func() { joined <- l.accept(t.Context(), listener, "right") }()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	sent := 0
	loud := dial(t, listener).conn
	_ = loud.SetWriteDeadline(time.Now().Add(30 * time.Second))
	for chunk := []byte(`{"token":"` + strings.Repeat("x", 1<<20)); sent < 1<<30; {
		n, err := loud.Write(chunk)
		if sent += n; err != nil {
			break
		}
		chunk = chunk[len(chunk)-1<<20:]
	}
	runtime.ReadMemStats(&after)
	if made := after.TotalAlloc - before.TotalAlloc; sent >= 64<<20 || made > 64<<20 {
		t.Errorf("a stranger could send %d bytes, for which %d were allocated", sent, made)
	} else {
		t.Logf("a stranger could send %d bytes, for which %d were allocated", sent, made)
	}
	for range flood {
		dial(t, listener)
	}
	for node := range 2 {
		if err := dial(t, listener).greet("right", node+1); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-joined; err != nil {
		t.Error(err)
	}
}

func TestJoinSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, rendezvousFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ text, proc, want string }{
		{"{", "0", "reading rendezvous.json"}, {`{"briefing": 7}`, "0", "reading rendezvous.json"}, {`{"briefing": {}}`, "0", "it has no token"},
		{`{"briefing": {}, "token": "t"}`, "x", "SLURM_PROCID"}, {`{"briefing": {}, "token": "t", "address": "127.0.0.1:1"}`, "0", "joining the first node"},
	} {
		write(c.text)
		t.Setenv("SLURM_PROCID", c.proc)
		if _, _, err := Join(t.Context(), dir, &task{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
