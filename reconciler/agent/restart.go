package agent

import (
	"fmt"
	"path/filepath"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

const (
	backoffLimit = 5 * time.Minute  // longest wait before a restart
	provenAfter  = 10 * time.Minute // a server that was Ready for so long starts counting restarts anew
	portRetries  = 5                // starts that can fail because another program took the port first
	doubtFor     = 5 * time.Second  // after a server's end its cluster can still turn out to be the cause
)

// fault is the cause of an unexpected end.
type fault struct{ reason, message string }

// ending says how a server ended.
func ending(exit drivers.Exit) fault {
	if exit.Signal != "" {
		return fault{"Signalled", "it was ended by signal " + exit.Signal}
	}
	return fault{"Exited", fmt.Sprintf("it ended with exit code %d", exit.Code)}
}

// watch kills what outstays its grace, and notices ends.
func (p *process) watch(now time.Time) {
	if p.main != nil {
		p.main.escalate(now)
		if exit, ended := p.main.poll(); ended {
			p.main, p.models = nil, nil
			if !p.stopping {
				if p.parts.running() {
					p.doubt = now.Add(doubtFor)
				}
				p.fail(ending(exit), now)
			}
		}
	}
	switch f := p.parts.watch(p.a.dir, now); {
	case f == nil:
	case !p.stopping:
		p.fail(*f, now)
	case now.Before(p.doubt): // the server noticed it first, and ended because of it
		p.doubt, p.fault = now, f
		p.last = &v1alpha1.End{Reason: f.reason, Message: f.message, At: now.UTC()}
	}
}

// stopped decides what follows once all parts of the process have ended: its removal or replacement, a restart, or giving up.
func (p *process) stopped(now time.Time) {
	p.stopping, p.ray, p.parts = false, nil, nil
	p.releaseGPUs()
	p.cleanup()
	f := p.fault
	if p.fault = nil; f == nil {
		p.again = now
		p.restarts-- // it was stopped on purpose, and step counts the start
		return
	}
	if taken := p.a.release(p.want.Name, p.taken); taken != 0 && !p.ready && p.retries < portRetries {
		p.retries++
		p.again = now
		p.restarts-- // the server is not the cause
		p.enter(drivers.PhaseRestarting, drivers.ReasonPortTaken, fmt.Sprintf("another program took port %d before the server listened; it is started on another port", taken), now)
		return
	}
	if p.proven {
		p.restarts = 0
	}
	if p.restarts >= p.want.Restart.Limit {
		p.happen(drivers.ReasonGivenUp, fmt.Sprintf("it is not started again in this job after %d restarts; last end: %s: %s", p.restarts, f.reason, f.message))
		p.enter(drivers.PhaseFailed, f.reason, fmt.Sprintf("%s, after %d restarts; see %s", f.message, p.restarts, p.log()), now)
		return
	}
	delay := p.want.Restart.Backoff.Std() << min(max(p.restarts, 0), 20)
	if delay > backoffLimit || delay < 0 {
		delay = backoffLimit
	}
	p.again = now.Add(delay)
	p.enter(drivers.PhaseRestarting, f.reason, fmt.Sprintf("%s; it is started again in %s", f.message, delay), now)
}

// restart starts a server again. When it had ended by itself, that is told, in its log too.
func (p *process) restart(now time.Time) {
	p.restarts++
	if p.lost && p.last != nil {
		line := fmt.Sprintf("restart %d of at most %d, after %s: %s", p.restarts, p.want.Restart.Limit, p.last.Reason, p.last.Message)
		if p.reason == drivers.ReasonPortTaken {
			line = p.message
		}
		p.happen(drivers.ReasonRestarted, line)
		_ = disk.Append(filepath.Join(p.a.dir, p.log()), []byte("assay: "+p.a.secrets.Message(line))) // without it the log is shorter, and the event says the same
	}
	p.start(now)
}

// cleanup runs what has to follow the end of the process, such as the removal of its container.
func (p *process) cleanup() {
	if len(p.want.Cleanup) == 0 {
		return
	}
	if cmd, err := p.command(p.want.Cleanup); err == nil {
		go func() { // bounded; the next start does not depend on it
			cmd.WaitDelay = time.Second
			t := time.AfterFunc(cleanupTimeout, func() { _ = cmd.Process.Kill() })
			defer t.Stop()
			_ = cmd.Run() // what is left is removed by the next start
		}()
	}
}

const cleanupTimeout = 30 * time.Second
