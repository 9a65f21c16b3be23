package coordinator

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/listen"
	"assay/drivers/safefile"
)

const (
	joinWithin     = 2 * time.Minute // for the workers of all nodes to join
	mostStrangers  = 64              // connections that have proved nothing yet
	endWithin      = 30 * time.Second
	stopWithin     = 5 * time.Second // when the run is stopped; less than a stopped run is given
	rendezvousFile = drivers.RendezvousFile
)

// rendezvous is rendezvous.json: how workers find the leader, and what they need to know.
type rendezvous struct {
	Address  string          `json:"address"`
	Token    string          `json:"token"`
	Briefing json.RawMessage `json:"briefing"`
}

// Options say how many workers to start, and how.
type Options struct {
	Dir    string // the run's directory, on a file system that the nodes share
	Others int    // nodes of the job besides the first; at least 1
	Srun   string // the command; default srun
}

// Leader is the leader's end of all connections.
type Leader struct {
	Others []*Peer                // node k is Others[k-1]
	meet   string                 // path of rendezvous.json
	wait   func(ended bool) error // of srun; ended: the workers have ended
	closed bool
}

// Start starts a worker on each other node, waits until all have joined, and gives them the briefing, any value that JSON
// can hold. Cancel must end ctx; it is called with the reason when a worker ends too early.
func Start(ctx context.Context, cancel context.CancelCauseFunc, o Options, briefing any) (*Leader, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("finding this node's name: %w", err)
	}
	listener, err := net.Listen("tcp", ":0") // on all addresses, since it is unknown which one the others reach; the token guards it
	if err != nil {
		return nil, fmt.Errorf("listening for the other nodes: %w", err)
	}
	defer listener.Close()
	l := &Leader{Others: make([]*Peer, o.Others), meet: filepath.Join(o.Dir, rendezvousFile)}
	m := rendezvous{Address: net.JoinHostPort(host, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)), Token: rand.Text()}
	if m.Briefing, err = json.Marshal(briefing); err == nil {
		err = durable.Writer{NoSync: true}.ReplaceRecord(l.meet, m, nil) // it means nothing once the run has ended
	}
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", rendezvousFile, err)
	}
	if l.wait, err = start(ctx, cancel, o); err != nil {
		return nil, errors.Join(err, os.Remove(l.meet))
	}
	if err := l.accept(ctx, listener, m.Token); err != nil {
		cancel(err)
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// start runs a worker on each of the job's other nodes, with all cores that the job has there.
func start(ctx context.Context, cancel context.CancelCauseFunc, o Options) (wait func(ended bool) error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding assay's own binary: %w", err)
	}
	if err := safefile.Program(self); err != nil { // it is run again by its name
		return nil, err
	}
	srun, count := o.Srun, strconv.Itoa(o.Others)
	if srun == "" {
		srun = "srun"
	}
	cmd := exec.CommandContext(ctx, srun, "--overlap", "--mpi=none", "--cpu-bind=none", "--kill-on-bad-exit=1", "--input=none", "--relative=1",
		"--nodes="+count, "--ntasks="+count, "--ntasks-per-node=1", self, "suite-worker", o.Dir)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // srun passes it on
	cmd.WaitDelay = stopWithin
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the workers of the other nodes: %w", err)
	}
	done := make(chan error, 1)
	var stopped atomic.Bool
	go func() {
		err := cmd.Wait()
		if err != nil && !stopped.Load() {
			err = fmt.Errorf("the workers of the other nodes: %w", err)
			time.AfterFunc(time.Second, func() { cancel(err) }) // a worker's own message, which is more precise, can still be on its way
		}
		done <- err
	}()
	return func(ended bool) error {
		limit := endWithin
		if ended {
			limit = stopWithin
		}
		select {
		case err := <-done:
			return err
		case <-time.After(limit):
		}
		stopped.Store(ended)
		_ = cmd.Process.Kill()
		if ended { // any user of the network who connects to srun's ports keeps it from ending
			return nil
		}
		return errors.New("the workers of the other nodes did not end")
	}, nil
}

// accept waits for one worker of each node. A connection that does not prove itself is closed, and keeps nobody waiting: each
// is listened to by itself, for a short time and a few bytes, and of too many the oldest is closed.
func (l *Leader) accept(ctx context.Context, listener net.Listener, token string) error {
	_ = listener.(*net.TCPListener).SetDeadline(time.Now().Add(joinWithin))
	unblock := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer unblock()
	joined, failed, done := make(chan joiner), make(chan error, 1), make(chan struct{})
	defer close(done)
	limited := listen.Limit(listener, max(mostStrangers, 2*len(l.Others)))
	go func() {
		for {
			c, err := limited.Accept()
			if err != nil {
				failed <- err
				return
			}
			go meet(c.(*listen.Conn), token, joined, done)
		}
	}()
	for have := 0; have < len(l.Others); {
		select {
		case err := <-failed:
			return fmt.Errorf("%d of %d other nodes joined: %w", have, len(l.Others), errors.Join(context.Cause(ctx), err))
		case w := <-joined:
			if w.node < 1 || w.node > len(l.Others) || l.Others[w.node-1] != nil {
				w.peer.Close()
				continue
			}
			l.Others[w.node-1] = w.peer
			have++
		}
	}
	return nil
}

// joiner is a worker that knows the token, and its node.
type joiner struct {
	peer *Peer
	node int
}

// meet listens to who connects, and hands on a worker that knows the token.
func meet(c *listen.Conn, token string, joined chan<- joiner, done <-chan struct{}) {
	p := newPeer(c, mostHello)
	node, err := p.welcome(token)
	if err != nil {
		p.Close()
		return
	}
	c.Prove()
	p.left.N = math.MaxInt64
	select {
	case joined <- joiner{p, node}:
	case <-done:
		p.Close()
	}
}

// Close ends the workers and returns how they ended. Calling it again does nothing.
func (l *Leader) Close() error {
	if l.closed {
		return nil
	}
	l.closed = true
	ended := true
	for _, p := range l.Others {
		if p != nil {
			p.end()
		}
	}
	until := time.Now().Add(endWithin)
	for _, p := range l.Others {
		ended = p != nil && p.ended(until) && ended
	}
	return errors.Join(l.wait(ended), os.Remove(l.meet))
}

// Join connects this process to the leader of the run in dir, as the worker of its node (from 1), and reads the briefing.
func Join(ctx context.Context, dir string, briefing any) (leader *Peer, node int, err error) {
	var m rendezvous
	if err = durable.ReadRecord(filepath.Join(dir, rendezvousFile), &m); err == nil {
		err = json.Unmarshal(m.Briefing, briefing)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("reading %s: %w", rendezvousFile, err)
	}
	if m.Token == "" {
		return nil, 0, fmt.Errorf("reading %s: it has no token", rendezvousFile)
	}
	proc, err := strconv.Atoi(os.Getenv("SLURM_PROCID"))
	if err != nil {
		return nil, 0, fmt.Errorf("reading SLURM_PROCID: %w", err)
	}
	c, err := (&net.Dialer{Timeout: joinWithin}).DialContext(ctx, "tcp", m.Address)
	if err != nil {
		return nil, 0, fmt.Errorf("joining the first node: %w", err)
	}
	leader = newPeer(c, mostHello)
	stop := context.AfterFunc(ctx, leader.Close)
	defer stop()
	if err := leader.greet(m.Token, proc+1); err != nil {
		leader.Close()
		return nil, 0, fmt.Errorf("joining the first node: what listens at %s: %w", m.Address, cmp.Or(context.Cause(ctx), err))
	}
	leader.left.N = math.MaxInt64
	return leader, proc + 1, nil
}
