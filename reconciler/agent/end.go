package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// errAgain is that this job was started before, under the same id: the scheduler requeued it.
var errAgain = errors.New("the scheduler started this job again, and a job directory is used once")

// endQuickly is between SIGTERM and SIGKILL when the attempt is over: what replaces it may be waiting.
const endQuickly = time.Second

// over says why everything has to end at once; nil while the attempt goes on. It is asked before anything is started: an
// agent that could not see its folder for a while finds its stop before it does anything else.
func (a *agent) over() *drivers.AgentEnd {
	switch {
	case a.desired.Stop != "":
		return &drivers.AgentEnd{Reason: drivers.EndStopped, Message: "the controller said stop: " + a.desired.Stop}
	case os.Getppid() != a.parent: // a process whose parent ends gets another one
		return &drivers.AgentEnd{Reason: drivers.EndOrphaned, Message: "what had started the agent was killed, so the job is over for the scheduler"}
	}
	return nil
}

// hangsFor is how long an agent without a parent may take to end everything.
const hangsFor = 15 * time.Second

// watchParent kills an agent that has lost its parent and does not end, because its loop hangs in a file system: its guard
// then ends what it runs.
func (a *agent) watchParent(ctx context.Context) {
	for os.Getppid() == a.parent {
		select {
		case <-ctx.Done():
			return
		case <-time.After(drivers.BeatEvery):
		}
	}
	time.Sleep(hangsFor)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// endNow ends the runs and the servers together, by SIGKILL what does not end quickly.
func (a *agent) endNow() {
	signal := func(s syscall.Signal) {
		for _, g := range a.groups() {
			g.signal(s)
		}
	}
	for _, r := range a.runs {
		r.want.Cancel = true
	}
	now := time.Now()
	for _, p := range a.procs {
		p.remove(now)
	}
	signal(syscall.SIGTERM)
	a.drain(a.stepped, endQuickly)
	signal(syscall.SIGKILL)
	a.drain(a.stepped, endWithin)
}

// lastWord reports the end, and tries again while the file system takes no writes: without its word nothing may replace the job,
// and the scheduler kills the guard with the job's last process.
func (a *agent) lastWord() error {
	for deadline := time.Now().Add(wordWithin); ; time.Sleep(writeAgain) {
		if err := a.report(time.Now(), true); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// left ends what left its process group, and names what does not end; empty once nothing is left.
func (a *agent) left() string {
	err := endMarked(a.dir)
	if n := len(a.groups()); err == nil && n > 0 {
		err = fmt.Errorf("%d process groups were killed and have not ended", n)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// stepped moves everything on and reports whether all has ended.
func (a *agent) stepped(now time.Time) bool {
	for _, r := range a.runs {
		r.step(now)
	}
	for _, p := range a.procs {
		p.step(now)
	}
	return len(a.groups()) == 0
}

// groups are all that run now.
func (a *agent) groups() (out []*group) {
	for _, r := range a.runs {
		out = append(out, r.group)
	}
	for _, p := range a.procs {
		out = append(append(out, p.main), p.parts.groups()...)
	}
	return slices.DeleteFunc(out, func(g *group) bool { return g == nil })
}

// signalled says why the agent has to end now; nil while it goes on. A walltime that is over comes first: a cancel can follow
// it, and does not change what happened.
func (a *agent) signalled(ctx context.Context) *drivers.AgentEnd {
	select {
	case <-a.o.Walltime:
		return &drivers.AgentEnd{Reason: drivers.EndTimeLimit, Message: "the scheduler announced the end of the walltime"}
	default:
	}
	if ctx.Err() != nil {
		return &drivers.AgentEnd{Reason: drivers.EndSignalled, Message: "the scheduler or a user ended the job"}
	}
	return nil
}

// again records that the job was started a second time. The state of the first agent stays as it was otherwise: it says
// which runs had ended.
func (a *agent) again() error {
	path := filepath.Join(a.dir, drivers.StateFile)
	var s drivers.AgentState
	if err := durable.ReadRecord(path, &s); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("recording that the job was started again: %w", err)
	}
	var want drivers.AgentDesired
	if err := durable.ReadRecord(filepath.Join(a.dir, drivers.DesiredFile), &want); err != nil {
		return fmt.Errorf("recording that the job was started again: %w", err)
	}
	s.Nonce, s.JobID = want.Nonce, a.o.JobID
	end := &drivers.AgentEnd{Reason: drivers.EndRequeued, Message: errAgain.Error()}
	if s.End != nil {
		end.First, end.Left = cmp.Or(s.End.First, s.End.Reason), s.End.Left
	}
	s.End = end
	if err := writeFor(a.dir, s); err != nil {
		return fmt.Errorf("recording that the job was started again: %w", err)
	}
	return nil
}
