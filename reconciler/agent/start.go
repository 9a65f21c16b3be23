package agent

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/safefile"
)

// start begins to start; advance goes on with it.
func (p *process) start(now time.Time) {
	for _, path := range p.want.Needs {
		if _, err := os.Stat(path); err != nil {
			p.enter(drivers.PhaseFailed, drivers.ReasonMissing, fmt.Sprintf("it needs %s: %v; fetch what the manifest needs: assay pull -f FILE", path, err), now)
			return
		}
	}
	for _, path := range p.want.Fetched {
		if err := safefile.Trusted(path); err != nil {
			p.enter(drivers.PhaseFailed, "StartFailed", fmt.Sprintf("its image is not to be trusted: %v; or fetch it into a folder of yours (container.images of the Site)", err), now)
			return
		}
	}
	p.starting, p.since, p.again = true, now, now
	p.progress = started{began: now}
	p.enter(drivers.PhaseStarting, "Preparing", "", now)
	p.advance(now)
}

// advance goes through what has to be there before the server starts, and starts it once all is.
func (p *process) advance(now time.Time) {
	if now.Before(p.again) {
		return
	}
	wait, err := p.before(now)
	if wait == "" && err == nil {
		err = p.launch(now)
	}
	if err != nil {
		if wait = p.away(err); wait != "" {
			p.again = now.Add(writeAgain)
		}
	}
	switch {
	case wait != "":
		p.enter(drivers.PhaseStarting, "Preparing", wait, now)
		return
	case err == nil:
		return
	}
	p.starting = false
	reason, message := "StartFailed", err.Error()
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		reason = drivers.ReasonCommandNotFound
		message = fmt.Sprintf("%s is not on this node's PATH: install it, or name its path in the manifest (%v)", p.want.Argv[0], err)
	}
	if u, ok := errors.AsType[unfit](err); ok {
		reason = u.reason
	}
	if p.running() {
		p.fail(fault{reason, message}, now)
		return
	}
	p.releaseGPUs()
	p.enter(drivers.PhaseFailed, reason, message, now)
}

// away says that the file system is what keeps a server from starting; then its start waits, and the job is kept. A job's
// folder that is not there has an empty one in its place, in which nothing may be made.
func (p *process) away(err error) string {
	if _, gone := os.Stat(filepath.Join(p.a.dir, agentFile)); gone != nil {
		return fmt.Sprintf("the folder of the job is not there: %v", gone)
	}
	if errors.Is(err, os.ErrPermission) || durable.Trouble(p.a.dir, err) == "" { // what is not permitted stays so
		return ""
	}
	return err.Error()
}

// before does the next thing that the server needs before it starts; wait says what it waits for.
func (p *process) before(now time.Time) (wait string, err error) {
	if len(p.want.Argv) == 0 {
		return "", errors.New("it has no command")
	}
	if mentionsPort(p.want) && p.ray == nil {
		if p.port, err = p.a.port(p.want.Name, ""); err != nil {
			return "", err
		}
		if p.want.Port == 0 && !p.a.portFree(p.port) {
			p.a.release(p.want.Name, 0)
			if p.port, err = p.a.port(p.want.Name, ""); err != nil {
				return "", err
			}
		}
	}
	if p.ray == nil { // before a container is asked for its version: it does not start without the folders that it binds
		if wait = p.away(nil); wait != "" {
			return wait, nil
		}
		if err := p.prepare(); err != nil {
			return "", err
		}
	}
	if wait, err = p.choose(); wait != "" || err != nil {
		return wait, err
	}
	if p.onCluster() || p.want.Cluster == nil {
		if wait, err = p.askVersion(); wait != "" || err != nil {
			return wait, err
		}
	}
	if p.gpus == nil {
		var enough bool
		if p.gpus, enough = p.a.gpus.take(p.want.GPUs); !enough {
			return fmt.Sprintf("%d GPUs of each node are wanted, and other services of the job have them", p.want.GPUs), nil
		}
	}
	if !p.onCluster() {
		return "", nil
	}
	if p.ray == nil {
		if p.ray, err = p.startCluster(); err != nil {
			return "", err
		}
	}
	return p.ray.wait(now)
}

// launch runs the server in a process group of its own.
func (p *process) launch(now time.Time) error {
	cmd, err := p.served()
	if err != nil {
		return err
	}
	p.progress.launched, p.progress.log = now, p.a.logged(p.log())
	if p.main, err = p.run(cmd, p.log()); err != nil {
		return err
	}
	if err := p.startRanks(); err != nil {
		return err
	}
	p.found(cmd)
	p.starting, p.up, p.proven, p.probed = false, false, false, time.Time{}
	p.wrong, p.misses, p.quiet, p.token, p.taken = 0, 0, 0, p.tokenOf(), 0
	p.listenFor()
	if p.want.Private {
		p.a.nodes.offer(p.want.Name, offer{p.local(p.port) + p.want.Metrics, p.password, p.token})
	}
	p.enter(drivers.PhaseStarting, "Started", "waiting for its probes to pass", now)
	return nil
}
