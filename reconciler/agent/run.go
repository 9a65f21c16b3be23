package agent

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/safefile"
)

const (
	suiteLog      = "suite.log"
	progressEvery = time.Second // how often the progress of a run that runs is read
	salvageLimit  = 30 * time.Second
)

// run is one benchmark run. It is executed once, whatever happens.
type run struct {
	a       *agent
	want    drivers.Run
	group   *group
	exit    *drivers.Exit // how the suite ended, until the run's result was looked for
	killed  *drivers.Exit // how the suite ended whose samples are salvaged
	phase   string
	message string
	lost    string // word for what a failed run lost; empty: the suite's judgement
	started time.Time
	late    bool // stopped because its time was over

	progress string
	looked   time.Time // when the progress was read
}

func newRun(a *agent, want drivers.Run) *run {
	return &run{a: a, want: want, phase: v1alpha1.RunPending}
}

func (r *run) end(phase, message string) { r.phase, r.message = phase, message }

// step moves the run on.
func (r *run) step(now time.Time) {
	if r.group == nil {
		switch {
		case r.exit != nil:
			r.conclude(*r.exit)
		case r.phase == v1alpha1.RunPending:
			r.begin(now)
		}
		return
	}
	if now.Sub(r.looked) >= progressEvery {
		r.looked, r.progress = now, lastLine(filepath.Join(r.want.Dir, drivers.ProgressFile))
	}
	if r.group.stopBy.IsZero() && (r.want.Cancel || r.over(now)) {
		r.group.terminate(now, runGrace)
	}
	r.group.escalate(now)
	if exit, ended := r.group.poll(); ended {
		r.group = nil
		if r.killed == nil && exit.Signal != "" && !r.want.Cancel && r.salvage(now, exit) {
			return
		}
		if r.killed != nil {
			exit = *r.killed
		}
		r.exit = &exit
		r.conclude(exit)
	}
}

// over reports whether the time is over of what runs.
func (r *run) over(now time.Time) bool {
	if r.killed != nil {
		return now.Sub(r.started) > salvageLimit
	}
	r.late = r.want.Limit > 0 && now.Sub(r.started) > r.want.Limit.Std()
	return r.late
}

// salvage makes a partial result of what a killed suite had kept. It reports whether that has begun; what it says is in the suite's log.
func (r *run) salvage(now time.Time, exit drivers.Exit) bool {
	if safefile.Program(r.a.o.Binary) != nil {
		return false
	}
	cmd := exec.Command(r.a.o.Binary, "suite-salvage", r.want.Dir)
	cmd.Dir = r.want.Dir
	g, err := r.a.startGroup(cmd, filepath.Join(r.want.Dir, suiteLog), nil, r.secrets()...)
	if err != nil {
		return false
	}
	r.group, r.started, r.killed = g, now, &exit
	return true
}

// begin claims the run and starts the suite. The claim is durable before the suite starts, so that after any crash the
// run is either not begun or never begun again.
func (r *run) begin(now time.Time) {
	if done := r.recorded(); done {
		return
	}
	if r.want.Cancel {
		r.end(v1alpha1.RunSuperseded, "cancelled before it began")
		return
	}
	if lost, err := r.claim(); err != nil {
		r.lose(lost, err.Error())
		return
	}
	if err := safefile.Program(r.a.o.Binary); err != nil {
		r.lose(drivers.LostSuite, err.Error())
		return
	}
	cmd := exec.Command(r.a.o.Binary, "suite", r.want.Dir)
	cmd.Dir, cmd.Env = r.want.Dir, environment(r.a.relays.telemetry())
	g, err := r.a.startGroup(cmd, filepath.Join(r.want.Dir, suiteLog), nil, r.secrets()...)
	if err != nil {
		r.lose(cmp.Or(drivers.LostBy(err), drivers.LostSuite), fmt.Sprintf("the suite could not be started: %v", err))
		return
	}
	r.group, r.started, r.phase = g, now, v1alpha1.RunRunning
}

// secrets are those that the suite gets: the keys of its target and of that one's counters, and what its headers hold. What is
// wrong with its request the suite says.
func (r *run) secrets() []string {
	var req drivers.SuiteRequest
	if durable.ReadRecord(filepath.Join(r.want.Dir, drivers.RequestFile), &req) != nil {
		return nil
	}
	return r.a.learn(req.Secrets()...)
}

// claim takes the run for this agent. lost is the word for what kept it from that.
func (r *run) claim() (lost string, err error) {
	path := filepath.Join(r.want.Dir, drivers.ClaimFile)
	err = durable.Writer{}.CreateRecord(path, drivers.Claim{Nonce: r.a.desired.Nonce, JobID: r.a.o.JobID, Node: r.a.o.Node}, nil)
	if errors.Is(err, fs.ErrExist) {
		return drivers.LostClaim, fmt.Errorf("it was begun before, and left no result: %s", path)
	}
	if err != nil {
		return cmp.Or(drivers.LostBy(err), drivers.LostFileSystem), fmt.Errorf("claiming the run: %w", err)
	}
	return "", nil
}

// recorded ends the run by its result and reports whether there is one. A result that cannot be read is an error of the run.
func (r *run) recorded() bool {
	var res drivers.SuiteResult
	err := durable.ReadRecord(filepath.Join(r.want.Dir, drivers.ResultFile), &res)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false
	case err != nil:
		r.lose(drivers.LostBy(err), "reading its result: "+err.Error())
	case res.Error != "":
		r.lose(res.Lost, res.Error)
	default:
		r.end(v1alpha1.RunComplete, "")
	}
	return true
}

// conclude says how the run ended: by its result if there is one. A folder without the run's claim is not the run's: its file
// system is away, and what the suite left is looked for again.
func (r *run) conclude(exit drivers.Exit) {
	if _, err := os.Stat(filepath.Join(r.want.Dir, drivers.ClaimFile)); errors.Is(err, fs.ErrNotExist) && !r.want.Cancel {
		return
	}
	if r.exit = nil; r.recorded() {
		return
	}
	last := lastLine(filepath.Join(r.want.Dir, suiteLog))
	lost := exit.Code - drivers.ExitLost
	switch {
	case r.want.Cancel:
		r.end(v1alpha1.RunSuperseded, "cancelled")
	case r.late:
		r.end(v1alpha1.RunFailed, fmt.Sprintf("it did not end within %s", r.want.Limit.Std()))
	case exit.Signal != "":
		r.lose(drivers.LostSuite, fmt.Sprintf("signal %s ended the suite: %s", exit.Signal, last))
	case exit.Code == drivers.ExitInterrupted: // who ends a job signals all of its processes, and the agent can hear of it last
		r.lose(drivers.LostSuite, "a signal that assay did not send ended the suite: "+last)
	case lost >= 0 && lost < len(drivers.Losses):
		r.lose(drivers.Losses[lost], fmt.Sprintf("the suite left no result, because it lost what it needs (%s): %s", drivers.Losses[lost], last))
	default:
		r.end(v1alpha1.RunFailed, fmt.Sprintf("the suite ended with exit code %d and left no result: %s", exit.Code, last))
	}
}

// lose ends the run as failed with the word for what it lost; without one its suite judged so.
func (r *run) lose(lost, message string) {
	r.end(v1alpha1.RunFailed, message)
	r.lost = lost
}

func (r *run) state() drivers.RunState {
	s := drivers.RunState{ID: r.want.ID, Phase: r.phase, Message: r.message, Reason: r.lost}
	if r.phase == v1alpha1.RunRunning {
		s.Progress = r.progress
	}
	return s
}

// lastLine is the last line of a file; empty when there is no file. At most 4096 bytes are read.
func lastLine(path string) string {
	f, err := safefile.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	buf := make([]byte, min(info.Size(), 4096))
	n, _ := f.ReadAt(buf, info.Size()-int64(len(buf))) // what could be read is the line
	lines := bytes.Split(bytes.TrimSpace(buf[:n]), []byte("\n"))
	last := lines[len(lines)-1]
	for _, l := range slices.Backward(lines) {
		if !bytes.HasPrefix(l, []byte("srun: ")) { // what its task said comes before what srun says of its end
			last = l
			break
		}
	}
	return strings.ToValidUTF8(string(last), "?")
}
