package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/procid"
)

const (
	endWithin  = 10 * time.Second // killed processes that are still there by then do not end
	wordWithin = time.Minute      // how long the guard tries to write down that everything has ended
)

// Guard reads from orders what the agent of the job in dir runs. When they end although the agent has not said that
// everything has ended, the agent was killed: Guard then kills its process groups, and whatever else carries the job's mark,
// and says so in state.json in its place. It returns an error when something still runs, or when it could not say so.
func Guard(dir string, orders io.Reader) error {
	groups := map[int]order{}
	for lines := bufio.NewScanner(orders); lines.Scan(); {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			continue // the agent was killed while it wrote
		}
		switch {
		case o.Done:
			return nil
		case o.Ended:
			delete(groups, o.Leader.PID)
		default:
			groups[o.Leader.PID] = o
		}
	}
	for pid, o := range groups {
		if now := procid.Of(pid); now.Start == "" || now.Start == o.Leader.Start { // else the pid is another process' by now
			_ = syscall.Kill(-pid, syscall.SIGKILL) // a group that has ended needs no kill
		}
	}
	err := endMarked(dir)
	for _, o := range groups {
		cleanUp(o.Cleanup)
	}
	if err != nil {
		return fmt.Errorf("ending what the killed agent in %s ran: %w", dir, err)
	}
	return speakFor(dir)
}

// endMarked kills everything that carries the mark of the job in dir, and returns once nothing is left.
func endMarked(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	return procid.KillCarrying(ctx, jobMarker+dir)
}

func cleanUp(argv []string) {
	if len(argv) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	_ = exec.CommandContext(ctx, argv[0], argv[1:]...).Run() // what is left is removed by the next start
}

// speakFor writes the killed agent's end into its state. Of an agent that never reported nobody believes
// anything.
func speakFor(dir string) error {
	path := filepath.Join(dir, drivers.StateFile)
	for deadline := time.Now().Add(wordWithin); ; time.Sleep(time.Second) {
		s, err := durable.OptionalRecord[drivers.AgentState](path)
		if err == nil && s == nil { // or a folder without the agent's claim is there instead: its file system is away
			_, err = os.Stat(filepath.Join(dir, agentFile))
		}
		if err == nil && (s == nil || s.End != nil && s.End.Left == "") {
			return nil
		}
		if err == nil {
			if s.End == nil {
				s.End = &drivers.AgentEnd{Reason: drivers.EndKilled, Message: "the agent was killed, and what it ran was ended"}
			}
			s.End.Left = ""
			for i := range s.Processes { // nobody shall take the killed agent's last word for the present
				s.Processes[i].Phase, s.Processes[i].Reason, s.Processes[i].Message, s.Processes[i].PID = drivers.PhaseStopped, s.End.Reason, s.End.Message, 0
			}
			err = writeFor(dir, *s)
		}
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
