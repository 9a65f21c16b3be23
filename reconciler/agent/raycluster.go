package agent

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
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

// rayCluster is a Ray cluster over the nodes of the job: a head here, a worker on every other node.
type rayCluster struct {
	p       *process
	want    drivers.Cluster
	head    *group
	workers *group
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
		r.head, err = p.run(cmd, p.logOf(".ray-head"))
	}
	if err != nil {
		return nil, fmt.Errorf("starting the Ray head: %w", err)
	}
	r.status = "the Ray head is starting"
	return r, nil
}

// startWorkers starts one worker on every other node, and ends them all when one ends.
func (r *rayCluster) startWorkers() error {
	cmd, err := r.p.command(r.want.Worker)
	if err == nil {
		others := strconv.Itoa(r.want.Nodes - 1)
		args := []string{"--nodes=" + others, "--ntasks=" + others, "--ntasks-per-node=1", "--relative=1", "--overlap", "--cpu-bind=none",
			"--mpi=none", "--kill-on-bad-exit=1", "--wait=1", "--input=none"}
		if cpus := os.Getenv("SLURM_CPUS_PER_TASK"); cpus != "" { // srun does not take it from sbatch any more
			args = append(args, "--cpus-per-task="+cpus)
		}
		args = append(args, cmd.Args...)
		srun := exec.Command("srun", args...)
		srun.Dir, srun.Env = cmd.Dir, append(cmd.Env, slurmVariables()...)
		r.workers, err = r.p.run(srun, r.p.logOf(".ray-workers"))
	}
	if err != nil {
		return fmt.Errorf("starting the Ray workers: %w", err)
	}
	return nil
}

func (r *rayCluster) running() bool { return r != nil && (r.head != nil || r.workers != nil) }

// watch notices that a part of the cluster ended, which ends the service: the rest cannot serve the model.
func (r *rayCluster) watch(now time.Time) *fault {
	if r == nil {
		return nil
	}
	var f *fault
	for _, part := range []struct {
		group        **group
		reason, name string
		log          string
	}{{&r.workers, "WorkerDied", "a Ray worker", ".ray-workers"}, {&r.head, "HeadDied", "the Ray head", ".ray-head"}} {
		if *part.group == nil {
			continue
		}
		(*part.group).escalate(now)
		if exit, ended := (*part.group).poll(); ended {
			*part.group = nil
			if f == nil {
				log := r.p.logOf(part.log)
				f = &fault{part.reason, fmt.Sprintf("%s died (%s): %s; see %s", part.name, strings.TrimPrefix(ending(exit).message, "it "),
					lastLine(r.p.a.dir+"/"+log), log)}
			}
		}
	}
	return f
}

func (r *rayCluster) terminate(now time.Time) {
	if r == nil {
		return
	}
	for _, g := range []*group{r.workers, r.head} {
		if g != nil {
			g.terminateOnce(now, clusterGrace)
		}
	}
}

// wait counts nodes and GPUs and returns what is missing; empty once all have joined.
func (r *rayCluster) wait(now time.Time) (string, error) {
	if r.head == nil {
		return r.status, nil // watch has seen its end
	}
	select {
	case c := <-r.counts:
		r.asking = false
		switch {
		case c.err != nil:
			r.status = "the Ray head does not answer yet: " + c.err.Error()
		case r.workers == nil && r.want.Nodes > 1:
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
