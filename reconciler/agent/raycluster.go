package agent

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"assay/drivers"
	"assay/drivers/bounded"
)

const (
	countEvery   = time.Second
	countTimeout = 30 * time.Second
	clusterGrace = 10 * time.Second
)

// rayCluster counts the nodes of a Ray cluster, of which a head runs here and a worker on every other node.
type rayCluster struct {
	p       *process
	want    drivers.Cluster
	workers bool // were started
	counted time.Time
	counts  chan count
	asking  bool
	status  string // for people
}

// count is one answer of `ray status`.
type count struct {
	nodes int
	gpus  float64
	err   error
}

// startCluster starts the head. Workers follow once it answers: before, they would only fail to find it.
func (p *process) startCluster() (*rayCluster, error) {
	r := &rayCluster{p: p, want: *p.want.Cluster, counts: make(chan count, 1)}
	cmd, err := p.command(r.want.Head)
	if err == nil {
		err = p.begin(cmd, "HeadDied", "the Ray head", ".ray-head")
	}
	if err != nil {
		return nil, fmt.Errorf("starting the Ray head: %w", err)
	}
	r.status = "the Ray head is starting"
	return r, nil
}

// startWorkers starts one worker on every other node.
func (r *rayCluster) startWorkers() error {
	srun, err := r.p.elsewhere(r.want.Worker, 1, r.want.Nodes-1)
	if err == nil {
		err = r.p.begin(srun, "WorkerDied", "a Ray worker", ".ray-workers")
	}
	if err != nil {
		return fmt.Errorf("starting the Ray workers: %w", err)
	}
	r.workers = true
	return nil
}

// wait counts nodes and GPUs and returns what is missing; empty once all have joined.
func (r *rayCluster) wait(now time.Time) (string, error) {
	select {
	case c := <-r.counts:
		r.asking = false
		switch {
		case c.err != nil:
			r.status = "the Ray head does not answer yet: " + c.err.Error()
		case !r.workers && r.want.Nodes > 1:
			r.status = "the Ray head answers; its workers are starting"
			if err := r.startWorkers(); err != nil {
				return "", err
			}
		case c.nodes >= r.want.Nodes && c.gpus >= float64(r.want.GPUs):
			return "", nil
		default:
			r.status = fmt.Sprintf("%d of %d nodes and %g of %d GPUs have joined the Ray cluster", c.nodes, r.want.Nodes, c.gpus, r.want.GPUs)
		}
	default:
	}
	if !r.asking && now.Sub(r.counted) >= countEvery {
		cmd, err := r.p.command(r.want.Status)
		if err != nil {
			return "", fmt.Errorf("counting the Ray cluster: %w", err)
		}
		r.asking, r.counted = true, now
		go func() { r.counts <- askRay(cmd) }()
	}
	return r.status, nil
}

func askRay(cmd *exec.Cmd) count {
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	c.Env, c.Dir, c.WaitDelay = cmd.Env, cmd.Dir, time.Second
	out, err := bounded.Combined(c, maxAsked)
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return count{err: fmt.Errorf("%w: %.200s", err, lines[len(lines)-1])}
	}
	nodes, gpus, err := drivers.ParseRayStatus(string(out))
	return count{nodes, gpus, err}
}
