package native

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite/storage"
)

const (
	joinWithin = 2 * time.Minute // for all nodes to be there
	sayWithin  = 30 * time.Second
	stopWithin = 5 * time.Second // of the workers; less than what a run that is stopped is given
	meetFile   = "meet.json"
)

// meeting is how workers find the first node: meet.json of the run's directory, which only the user can read.
type meeting struct {
	Address string           `json:"address"`
	Token   string           `json:"token"`
	Root    string           `json:"root"`
	Spec    v1alpha1.Storage `json:"spec"`
	Limits  storage.Limits   `json:"limits"`
	Seed    int64            `json:"seed"`
}

// hello is the first line of a worker.
type hello struct {
	Token string `json:"token"`
	Node  int    `json:"node"`
}

// peer is a connection with its two ends of JSON lines.
type peer struct {
	conn net.Conn
	in   *json.Decoder
	out  *json.Encoder
}

func newPeer(c net.Conn) *peer { return &peer{c, json.NewDecoder(c), json.NewEncoder(c)} }

func (p *peer) say(v any) error {
	_ = p.conn.SetWriteDeadline(time.Now().Add(sayWithin)) // a dead peer shows in the write
	return p.out.Encode(v)
}

// team waits for the workers of the other nodes, which it starts with srun. Stop waits for their end.
func (e Engine) team(ctx context.Context, cancel context.CancelCauseFunc, dir string, m meeting) (team, func() error, error) {
	n := m.Spec.Nodes
	if n == 1 {
		return alone{}, func() error { return nil }, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, nil, fmt.Errorf("finding this node's name: %w", err)
	}
	listener, err := net.Listen("tcp", ":0") // of all addresses: nobody knows which one the others reach; the token guards it
	if err != nil {
		return nil, nil, fmt.Errorf("listening for the other nodes: %w", err)
	}
	defer listener.Close()
	token := make([]byte, 16)
	_, _ = rand.Read(token) // never fails
	m.Address, m.Token = net.JoinHostPort(host, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)), hex.EncodeToString(token)
	b, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, meetFile), b, 0o600)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("writing %s: %w", meetFile, err)
	}
	wait, err := e.start(ctx, cancel, dir, n-1)
	if err != nil {
		return nil, nil, err
	}
	f := &first{cancel: cancel}
	stop := func() error { return errors.Join(f.close(), wait(), remove(nil, filepath.Join(dir, meetFile), 0, 0)) }
	if err := f.gather(ctx, listener, m.Token, n-1); err != nil {
		cancel(err)
		return nil, nil, errors.Join(err, stop())
	}
	return f, stop, nil
}

// start runs a worker on each of the job's other nodes.
func (e Engine) start(ctx context.Context, cancel context.CancelCauseFunc, dir string, n int) (wait func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding assay's own binary: %w", err)
	}
	srun := e.Srun
	if srun == "" {
		srun = "srun"
	}
	count := strconv.Itoa(n)
	cmd := exec.CommandContext(ctx, srun, "--overlap", "--mpi=none", "--kill-on-bad-exit=1", "--relative=1", "--nodes="+count, "--ntasks="+count,
		"--ntasks-per-node=1", "--cpu-bind=none", self, "storage-worker", dir)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // srun passes it on
	cmd.WaitDelay = stopWithin
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the workers of the other nodes: %w", err)
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		if err != nil {
			err = fmt.Errorf("the workers of the other nodes: %w", err)
			time.AfterFunc(time.Second, func() { cancel(err) }) // what a worker said before it ended tells more, and is on its way
		}
		ended <- err
	}()
	return func() error {
		select {
		case err := <-ended:
			return err
		case <-time.After(sayWithin):
			_ = cmd.Process.Kill()
			return errors.New("the workers of the other nodes did not end")
		}
	}, nil
}

// other is the team as another node sees it.
type other struct{ *peer }

// Worker runs the tasks of one more node of the run in dir: `assay storage-worker`, under srun.
func Worker(ctx context.Context, dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, meetFile))
	if err != nil {
		return err
	}
	var m meeting
	if err := json.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("reading %s: %w", meetFile, err)
	}
	proc, err := strconv.Atoi(os.Getenv("SLURM_PROCID"))
	if err != nil {
		return fmt.Errorf("reading SLURM_PROCID: %w", err)
	}
	c, err := (&net.Dialer{Timeout: joinWithin}).DialContext(ctx, "tcp", m.Address)
	if err != nil {
		return fmt.Errorf("joining the first node: %w", err)
	}
	defer c.Close()
	p := newPeer(c)
	if err := p.say(hello{m.Token, proc + 1}); err != nil {
		return fmt.Errorf("joining the first node: %w", err)
	}
	_, err = newWorker(m.Root, m.Spec, m.Limits, m.Seed, proc+1, other{p}).run(ctx)
	return err
}

func (o other) exchange(ctx context.Context, mine report) ([]report, error) {
	unblock := context.AfterFunc(ctx, func() { _ = o.conn.Close() })
	defer unblock()
	if err := o.say(mine); err != nil {
		return nil, fmt.Errorf("the first node is lost: %w", err)
	}
	var all []report
	if err := o.in.Decode(&all); err != nil {
		return nil, fmt.Errorf("the first node is lost: %w", err)
	}
	if len(all) == 1 && all[0].Err != "" {
		return nil, errors.New(all[0].Err)
	}
	return all, nil
}

func (o other) fail(err error) error {
	_ = o.say(report{Err: err.Error()}) // if the first node is gone there is nobody to tell
	return err
}
