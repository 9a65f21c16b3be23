package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"assay/drivers"
)

const (
	look     = 200 * time.Millisecond
	killWait = 40 * time.Second // between SIGTERM and SIGKILL; an agent's own graces fit in
	marker   = "ASSAY_JOB_NONCE="
)

// started is who looks after a job.
type started struct {
	PID   int       `json:"pid"`
	Start string    `json:"start"` // of the process, in clock ticks since boot: a pid alone is no identity
	Boot  string    `json:"boot"`  // id of the boot
	At    time.Time `json:"at"`
}

func (s started) alive() bool {
	return s.Boot == bootID() && syscall.Kill(s.PID, 0) == nil && startTime(s.PID) == s.Start
}

// end is how a job ended.
type end struct {
	State  drivers.JobState `json:"state"`
	Reason string           `json:"reason"`
	Exit   int              `json:"exit"`
	Signal int              `json:"signal"`
	At     time.Time        `json:"at"`
}

// Shepherd runs job id of the scheduler in dir to its end. It is what Options.Shepherd has to start.
func Shepherd(dir, id string) error {
	folder := filepath.Join(dir, id)
	var spec drivers.JobSpec
	if err := readFile(folder, jobFile, &spec); err != nil {
		return fmt.Errorf("starting local job %s: %w", id, err)
	}
	if info, err := os.Stat(filepath.Join(folder, jobFile)); err != nil || time.Since(info.ModTime()) > startWithin {
		return fmt.Errorf("starting local job %s: too late, it was listed as never started", id)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	me := started{PID: os.Getpid(), Start: startTime(os.Getpid()), Boot: bootID(), At: time.Now()}
	if err := writeFile(folder, startedFile, me); err != nil {
		return fmt.Errorf("starting local job %s: %w", id, err)
	}
	s := &shepherd{folder: folder, spec: spec, began: me.At}
	e := s.run(id, signals)
	killMarked(spec.Tag.Nonce) // what the job left behind
	e.At = time.Now()
	if err := writeFile(folder, endFile, e); err != nil {
		return fmt.Errorf("recording the end of local job %s: %w", id, err)
	}
	return nil
}

type shepherd struct {
	folder string
	spec   drivers.JobSpec
	began  time.Time
	why    drivers.JobState // why it is being ended; empty while it is not
	killAt time.Time
}

// run starts the job and waits for its end, watching the limit and the wish to cancel.
func (s *shepherd) run(id string, signals <-chan os.Signal) end {
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
		_ = cmd.Wait() // the process state says it
		close(done)
	}()
	t := time.NewTicker(look)
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

// watch ends the job when its time is over or somebody wants it, and kills it when it does not end.
func (s *shepherd) watch(cmd *exec.Cmd) {
	limit := s.spec.Time
	_ = optional(s.folder, limitFile, &limit) // a damaged one leaves the submitted limit
	switch _, err := os.Stat(filepath.Join(s.folder, cancelFile)); {
	case s.why != "":
	case err == nil:
		s.terminate(cmd, drivers.JobCancelled)
	case limit > 0 && time.Since(s.began) > limit:
		s.terminate(cmd, drivers.JobTimeout)
	}
	if s.why != "" && time.Now().After(s.killAt) {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // gone already is as good
		killMarked(s.spec.Tag.Nonce)
	}
}

func (s *shepherd) terminate(cmd *exec.Cmd, why drivers.JobState) {
	if s.why == "" {
		s.why, s.killAt = why, time.Now().Add(killWait)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) // gone already is as good
	}
}

func (s *shepherd) ended(st *os.ProcessState) end {
	e := end{State: drivers.JobCompleted, Exit: st.ExitCode()}
	if ws, ok := st.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		e.Exit, e.Signal = 0, int(ws.Signal())
	}
	switch {
	case s.why != "":
		e.State, e.Reason = s.why, string(s.why)
	case e.Signal != 0:
		e.State, e.Reason = drivers.JobFailed, "Signalled"
	case e.Exit != 0:
		e.State, e.Reason = drivers.JobFailed, "NonZeroExitCode"
	}
	return e
}

// killMarked kills every process that carries a job's nonce in its environment, except this one: what daemonised itself
// out of the job's process group too. It looks again as long as it finds some, for they may have forked meanwhile.
func killMarked(nonce string) {
	for range 10 {
		if nonce == "" || !killOnce(nonce) {
			return
		}
	}
}

func killOnce(nonce string) (found bool) {
	procs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, p := range procs {
		pid, err := strconv.Atoi(filepath.Base(p))
		if err != nil || pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile(filepath.Join(p, "environ"))
		if err == nil && bytes.Contains(append([]byte{0}, env...), []byte("\x00"+marker+nonce+"\x00")) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone already is as good
			found = true
		}
	}
	return found
}

// startTime is field 22 of /proc/PID/stat; empty for a process that is gone or a zombie.
func startTime(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 20 || f[0] == "Z" {
		return ""
	}
	return f[19]
}

func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if errors.Is(err, os.ErrNotExist) {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}
