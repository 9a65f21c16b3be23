package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"assay/drivers"
	"assay/drivers/bounded"
	"assay/drivers/durable"
	"assay/drivers/listen"
	"assay/drivers/safefile"
)

const (
	nodesDir    = "nodes"          // of the job directory: one file a node
	nodesEvery  = 10 * time.Second // how often the other nodes' reports are looked at
	srunAgain   = 15 * time.Second
	scrapeTime  = 30 * time.Second // for a scrape to be asked and answered
	maxTextfile = 256 << 20        // bytes of a file of metrics
)

// nodes are the hardware counters of the allocation: served here for this node, and by `assay agent-node` on the others.
type nodes struct {
	dir    string
	server *listen.Server
	base   string // its address, http://host:port
	cancel context.CancelFunc
	done   sync.WaitGroup
	mu     sync.Mutex
	err    string
	files  map[string]string // process -> file of metrics
	offers map[string]offer  // process -> metrics that only this node can fetch

	count  int // nodes of the allocation
	stat   func(string) (fs.FileInfo, error)
	looked time.Time
	folder time.Time           // when the folder of reports last changed
	known  []drivers.NodeState // as last read
}

// startNodes serves this node's counters and starts the others. A node without counters does not disturb the rest.
func startNodes(ctx context.Context, dir string, o Options) *nodes {
	ctx, cancel := context.WithCancel(ctx)
	n := &nodes{dir: dir, cancel: cancel, count: o.Nodes, stat: os.Stat}
	var err error
	if n.server, n.base, err = serveNode(dir, o, n); err != nil {
		n.fail(err)
	}
	if o.Nodes > 1 {
		n.done.Go(func() { n.others(ctx, o) })
	}
	return n
}

func (n *nodes) fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err = err.Error()
}

// serveNode serves a node's counters to those who know the token, and writes their address into nodes/<node>.json. The job's
// first node, n, serves metrics of its processes too.
func serveNode(dir string, o Options, n *nodes) (s *listen.Server, base string, err error) {
	if o.Hardware == nil {
		return nil, "", errors.New("this system has no hardware counters")
	}
	l, err := net.Listen("tcp", net.JoinHostPort(o.Listen, "0"))
	if err != nil {
		return nil, "", fmt.Errorf("serving the hardware counters: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", o.Hardware)
	if n != nil {
		mux.HandleFunc("GET /textfile/{process}", n.textfile)
		mux.HandleFunc("GET /process/{process}", n.private)
	}
	token := &scrapeToken{dir: dir}
	s = listen.HTTP{Handler: listen.Guard(token.get, mux), Took: scrapeTime}.Serve(l)
	base = "http://" + net.JoinHostPort(o.Advertise, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	if err := os.MkdirAll(filepath.Join(dir, nodesDir), 0o700); err != nil {
		return s, base, fmt.Errorf("naming the hardware counters: %w", err)
	}
	st := drivers.NodeState{Name: o.Node, Metrics: base + "/metrics"}
	if err := disk.ReplaceRecord(filepath.Join(dir, nodesDir, o.Node+".json"), st, nil); err != nil {
		return s, base, fmt.Errorf("naming the hardware counters: %w", err)
	}
	return s, base, nil
}

// serveFiles sets which files of metrics are served.
func (n *nodes) serveFiles(processes []drivers.Process) {
	files := map[string]string{}
	for _, p := range processes {
		if p.Textfile != "" {
			files[p.Name] = p.Textfile
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.files = files
}

// textfile serves metrics that another program wrote into a file, such as the controller's.
func (n *nodes) textfile(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	path := n.files[r.PathValue("process")]
	n.mu.Unlock()
	b, err := durable.Read(path, maxTextfile)
	if path == "" || err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(b) // a client that has gone needs no answer
}

// others keeps the counters of the other nodes up, through srun.
func (n *nodes) others(ctx context.Context, o Options) {
	count := strconv.Itoa(o.Nodes - 1)
	for ctx.Err() == nil {
		if err := safefile.Program(o.Binary); err != nil {
			n.fail(err)
			return
		}
		cmd := exec.CommandContext(ctx, "srun", "--nodes="+count, "--ntasks="+count, "--ntasks-per-node=1", "--relative=1", "--overlap",
			"--kill-on-bad-exit=0", "--input=none", o.Binary, "agent-node", n.dir)
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 5 * time.Second
		cmd.Env = append(os.Environ(), jobMarker+n.dir) // if the agent is killed, its guard ends this, too
		last := &bounded.Tail{Limit: 300}               // it runs as long as the job
		cmd.Stdout, cmd.Stderr = last, last
		err := cmd.Run()
		if ctx.Err() != nil {
			return
		}
		n.fail(fmt.Errorf("counting the other nodes' hardware: srun ended: %v %s", err, strings.TrimSpace(last.String())))
		select {
		case <-ctx.Done():
		case <-time.After(srunAgain):
		}
	}
}

// list is the state of every node that has reported. A report that is replaced changes the folder, which is looked at now
// and then when there are other nodes.
func (n *nodes) list(now time.Time) []drivers.NodeState {
	if n.looked.IsZero() || (n.count > 1 || n.known == nil) && now.Sub(n.looked) >= nodesEvery {
		n.looked = now
		info, err := n.stat(filepath.Join(n.dir, nodesDir))
		if err == nil && (len(n.known) < n.count || !info.ModTime().Equal(n.folder)) {
			n.folder, n.known = info.ModTime(), n.read()
		}
	}
	out := n.known
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != "" {
		out = append(slices.Clone(out), drivers.NodeState{Name: "others", Error: n.err})
	}
	return out
}

func (n *nodes) read() []drivers.NodeState {
	files, _ := filepath.Glob(filepath.Join(n.dir, nodesDir, "*.json")) // the pattern is well formed
	var out []drivers.NodeState
	for _, f := range files {
		var s drivers.NodeState
		if err := durable.ReadRecord(f, &s); err == nil {
			out = append(out, s)
		}
	}
	return out
}

func (n *nodes) stop() {
	n.cancel()
	if n.server != nil {
		_ = n.server.Close() // the process ends next
	}
	n.done.Wait()
}

// Node serves one node's counters until ctx ends: what runs on every node of an allocation but the first.
func Node(ctx context.Context, dir string, o Options) error {
	s, _, err := serveNode(dir, o, nil)
	if err != nil {
		return err
	}
	<-ctx.Done()
	return s.Close()
}
