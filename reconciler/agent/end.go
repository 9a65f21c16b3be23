package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"assay/drivers"
	"assay/drivers/durable"
)

// errAgain is that this job was started before, under the same id: the scheduler requeued it.
var errAgain = errors.New("the scheduler started this job again, and a job directory is used once")

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
	before, _ := durable.ReadBeat(a.beat.Path) // without one the state has the heartbeat
	s.Nonce, s.JobID, s.Heartbeat, s.Written = want.Nonce, a.o.JobID, max(s.Heartbeat, before.Count)+1, s.Written+1
	s.End = &drivers.AgentEnd{Reason: drivers.EndRequeued, Message: errAgain.Error()}
	if err := disk.ReplaceRecord(path, s, nil); err != nil {
		return fmt.Errorf("recording that the job was started again: %w", err)
	}
	return errors.Join(a.beat.Write(durable.Pulse{Count: s.Heartbeat, Of: s.Written}), a.beat.Close())
}
