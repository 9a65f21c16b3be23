package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/procid"
	"assay/drivers/safefile"
)

const (
	checkEvery = 200 * time.Millisecond
	killWait   = 40 * time.Second // between SIGTERM and SIGKILL; an agent's own graces fit in
)

// Shepherd runs job id of the scheduler in dir to its end. Options.Shepherd is the command that calls it.
func Shepherd(dir, id string) error {
	folder := filepath.Join(dir, id)
	var spec drivers.JobSpec
	if err := durable.ReadRecord(filepath.Join(folder, jobFile), &spec); err != nil {
		return fmt.Errorf("starting local job %s: %w", id, err)
	}
	if info, err := os.Stat(filepath.Join(folder, jobFile)); err != nil || time.Since(info.ModTime()) > startWithin {
		return fmt.Errorf("starting local job %s: too late, it was listed as never started", id)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	me := started{procid.Self(), time.Now()}
	if err := files.CreateRecord(filepath.Join(folder, startedFile), me, nil); err != nil { // once: a job has one shepherd
		return fmt.Errorf("starting local job %s: %w", id, err)
	}
	s := &shepherd{folder: folder, spec: spec, began: me.At}
	e := s.run(id, signals)
	if err := killMarked(context.Background(), spec.Tag.Nonce); err != nil { // what the job left behind
		fmt.Fprintln(os.Stderr, err)
	}
	e.At = time.Now()
	if err := files.ReplaceRecord(filepath.Join(folder, endFile), e, nil); err != nil {
		return fmt.Errorf("recording the end of local job %s: %w", id, err)
	}
	return nil
}

type shepherd struct {
	folder string
	spec   drivers.JobSpec
	began  time.Time
	ending drivers.JobState // the state that it is being ended as; empty while it is left alone
	killAt time.Time
}

// run starts the job and waits for its end. Meanwhile it watches the time limit and requests to cancel.
func (s *shepherd) run(id string, signals <-chan os.Signal) end {
	if err := safefile.Program(s.spec.Argv[0]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return end{State: drivers.JobFailed, Reason: "StartFailed", Exit: 126}
	}
	cmd := exec.Command(s.spec.Argv[0], s.spec.Argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.spec.Dir, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "ASSAY_JOB_ID="+id, marker+s.spec.Tag.Nonce)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return end{State: drivers.JobFailed, Reason: "StartFailed", Exit: 127}
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the process state has it
		close(done)
	}()
	t := time.NewTicker(checkEvery)
	defer t.Stop()
	for {
		select {
		case <-done:
			return s.ended(cmd.ProcessState)
		case <-signals:
			s.terminate(cmd, drivers.JobCancelled)
		case <-t.C:
			s.watch(cmd)
		}
	}
}

// watch ends the job when its time is over or a cancel was requested, and kills it when it does not end.
func (s *shepherd) watch(cmd *exec.Cmd) {
	allowed := s.spec.Time
	if l, err := durable.OptionalRecord[limit](filepath.Join(s.folder, limitFile)); err == nil && l != nil {
		allowed = l.Time // a damaged one leaves the submitted limit
	}
	switch _, err := os.Stat(filepath.Join(s.folder, cancelFile)); {
	case s.ending != "":
	case err == nil:
		s.terminate(cmd, drivers.JobCancelled)
	case allowed > 0 && time.Since(s.began) > allowed:
		s.terminate(cmd, drivers.JobTimeout)
	}
	if s.ending != "" && time.Now().After(s.killAt) {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // a job that has just ended needs no kill
		procid.KillCarryingOnce(marker + s.spec.Tag.Nonce)  // the next check repeats it
	}
}

func (s *shepherd) terminate(cmd *exec.Cmd, as drivers.JobState) {
	if s.ending == "" {
		s.ending, s.killAt = as, time.Now().Add(killWait)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) // a job that has just ended needs no signal
	}
}

func (s *shepherd) ended(st *os.ProcessState) end {
	e := end{State: drivers.JobCompleted, Exit: st.ExitCode()}
	if ws, ok := st.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		e.Exit, e.Signal = 0, int(ws.Signal())
	}
	switch {
	case s.ending != "":
		e.State, e.Reason = s.ending, string(s.ending)
	case e.Signal != 0:
		e.State, e.Reason = drivers.JobFailed, "Signalled"
	case e.Exit != 0:
		e.State, e.Reason = drivers.JobFailed, "NonZeroExitCode"
	}
	return e
}
