// Package local is a scheduler for this machine: jobs are process groups that survive the controller.
//
// Each job has a folder named after its id, with one small file for each fact, written whole by the one who knows it:
//
//	job.json      the submission (Submit)         limit.json    the time limit, once it was changed (Reconfigure)
//	started.json  the shepherd's pid (shepherd)   tag.json      the tag, once it was changed (Reconfigure)
//	end.json      how it ended (shepherd)         cancel        somebody wants its end (Cancel)
//
// Submit writes job.json and starts a shepherd in a session of its own: a process of this same binary that runs the job,
// enforces the time limit, ends the whole tree on request, and records the end. It is to a local job what slurmstepd is to one of
// Slurm. When a shepherd itself is killed, the next listing says so, and ends what it left behind.
package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"assay/drivers"
)

const (
	startWithin = 15 * time.Second // a job whose shepherd does not show by then never started
	forgetAfter = 24 * time.Hour   // ended jobs are listed for so long
)

// Options of a local scheduler.
type Options struct {
	Shepherd []string // argument list that runs Shepherd(dir, id) when both are appended
	Prefix   string   // begins every id
}

// Scheduler implements drivers.Scheduler, Reconfigurer and Accountant on a folder.
type Scheduler struct {
	dir string
	o   Options
}

// New returns the scheduler whose jobs are in dir, on a disk of this machine or shared.
func New(dir string, o Options) (*Scheduler, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of local jobs: %w", err)
	}
	return &Scheduler{dir, o}, nil
}

// Submit starts a job. Once job.json is there the job exists, whatever happens to the caller.
func (s *Scheduler) Submit(ctx context.Context, spec drivers.JobSpec) (drivers.JobID, error) {
	if err := accept(spec); err != nil {
		return "", fmt.Errorf("submitting %s to this machine: %w: %w", spec.Name, err, drivers.ErrRejected)
	}
	id, folder, err := s.newFolder()
	if err != nil {
		return "", fmt.Errorf("submitting %s to this machine: %w: %w", spec.Name, err, drivers.ErrUnavailable)
	}
	if err := writeFile(folder, jobFile, spec); err != nil {
		return "", fmt.Errorf("submitting %s to this machine: %w: %w", spec.Name, err, drivers.ErrUncertain)
	}
	if err := s.shepherd(id, spec); err != nil {
		_ = writeFile(folder, endFile, end{State: drivers.JobFailed, Reason: "StartFailed", At: time.Now()}) // else it shows as never started
		return "", fmt.Errorf("starting %s on this machine: %w: %w", spec.Name, err, drivers.ErrRejected)
	}
	return drivers.JobID(id), nil
}

// accept refuses what this machine cannot do.
func accept(spec drivers.JobSpec) error {
	switch {
	case len(spec.Argv) == 0:
		return errors.New("the job has no command")
	case spec.Nodes > 1:
		return fmt.Errorf("it asks for %d nodes, and this machine is one", spec.Nodes)
	case slices.ContainsFunc(spec.Argv, func(w string) bool { return !utf8.ValidString(w) || strings.ContainsRune(w, 0) }):
		return errors.New("an argument is no text") // job.json would change it
	case spec.Dir == "":
		return errors.New("the job has no directory")
	}
	return nil
}

// newFolder takes the next id. mkdir succeeds once.
func (s *Scheduler) newFolder() (id, folder string, err error) {
	ids, err := s.ids()
	if err != nil {
		return "", "", err
	}
	next := 1
	if len(ids) > 0 {
		next = ids[len(ids)-1] + 1
	}
	for ; ; next++ {
		id = s.id(next)
		folder = s.folder(id)
		if err = os.Mkdir(folder, 0o700); !errors.Is(err, fs.ErrExist) {
			return id, folder, err
		}
	}
}

// shepherd starts the job's shepherd, detached from this process.
func (s *Scheduler) shepherd(id string, spec drivers.JobSpec) error {
	if err := os.MkdirAll(filepath.Join(spec.Dir, drivers.LogDir), 0o700); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(spec.Dir, drivers.LogDir, "job."+id+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	argv := append(slices.Clone(s.o.Shepherd), s.dir, id)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = spec.Dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // reaps it while this process lives; its end is in end.json
	return nil
}

// Cancel asks the job to end, if id still carries nonce.
func (s *Scheduler) Cancel(ctx context.Context, id drivers.JobID, nonce string) error {
	j, err := s.read(string(id))
	if errors.Is(err, fs.ErrNotExist) || err == nil && (j.Tag.Nonce != nonce || j.State.Terminal()) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cancelling local job %s: %w: %w", id, err, drivers.ErrUnavailable)
	}
	if err := writeFile(s.folder(string(id)), cancelFile, time.Now()); err != nil {
		return fmt.Errorf("cancelling local job %s: %w: %w", id, err, drivers.ErrUnavailable)
	}
	return nil
}

// Reconfigure changes the time limit, which the shepherd reads again and again, and the tag.
func (s *Scheduler) Reconfigure(ctx context.Context, id drivers.JobID, nonce string, c drivers.Change) error {
	j, err := s.read(string(id))
	if errors.Is(err, fs.ErrNotExist) || err == nil && (j.Tag.Nonce != nonce || j.State.Terminal()) {
		return fmt.Errorf("changing local job %s: it is not there any more: %w", id, drivers.ErrRejected)
	}
	if err == nil && c.Time != nil {
		err = writeFile(s.folder(string(id)), limitFile, *c.Time)
	}
	if err == nil && c.Tag != nil {
		tag := *c.Tag
		tag.Nonce = nonce
		err = writeFile(s.folder(string(id)), tagFile, tag)
	}
	if err != nil {
		return fmt.Errorf("changing local job %s: %w: %w", id, err, drivers.ErrUnavailable)
	}
	return nil
}

// Jobs lists the jobs of a store.
func (s *Scheduler) Jobs(ctx context.Context, owner string) ([]drivers.Job, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	var out []drivers.Job
	for _, n := range ids {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("listing local jobs: %w: %w", err, drivers.ErrUnavailable)
		}
		j, err := s.read(s.id(n))
		if errors.Is(err, fs.ErrNotExist) {
			continue // its submission was cut short, or it was forgotten since
		}
		if err != nil {
			return nil, fmt.Errorf("listing local jobs: %w: %w", err, drivers.ErrUnavailable)
		}
		if j.Tag.Store == owner {
			out = append(out, j)
		}
	}
	return out, nil
}

// Ended tells how a job ended, for as long as it is remembered.
func (s *Scheduler) Ended(ctx context.Context, id drivers.JobID, nonce string) (drivers.Job, error) {
	j, err := s.read(string(id))
	if errors.Is(err, fs.ErrNotExist) || err == nil && j.Tag.Nonce != nonce {
		return j, fmt.Errorf("local job %s: %w", id, drivers.ErrNotFound)
	}
	if err != nil {
		return j, fmt.Errorf("local job %s: %w: %w", id, err, drivers.ErrUnavailable)
	}
	return j, nil
}

func (s *Scheduler) id(n int) string { return s.o.Prefix + strconv.Itoa(n) }

func (s *Scheduler) folder(id string) string { return filepath.Join(s.dir, id) }

// ids lists the jobs' numbers in order.
func (s *Scheduler) ids() ([]int, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("listing local jobs: %w: %w", err, drivers.ErrUnavailable)
	}
	var out []int
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), s.o.Prefix)
		if n, err := strconv.Atoi(number); err == nil && ours && e.IsDir() {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// read puts a job together from its files.
func (s *Scheduler) read(id string) (drivers.Job, error) {
	folder := s.folder(id)
	var spec drivers.JobSpec
	if err := readFile(folder, jobFile, &spec); err != nil {
		if _, gone := os.Stat(s.dir); gone != nil { // then it says nothing about the job
			return drivers.Job{}, fmt.Errorf("the folder of local jobs: %v", gone)
		}
		return drivers.Job{}, err
	}
	j := drivers.Job{ID: drivers.JobID(id), Name: spec.Name, Tag: spec.Tag, State: drivers.JobPending, Reason: "Starting", Limit: spec.Time}
	if info, err := os.Stat(filepath.Join(folder, jobFile)); err == nil {
		j.Submitted = info.ModTime()
	}
	if err := errors.Join(optional(folder, limitFile, &j.Limit), optional(folder, tagFile, &j.Tag)); err != nil {
		return j, err
	}
	var st started
	var e end
	errStarted, errEnd := optional(folder, startedFile, &st), optional(folder, endFile, &e)
	if err := errors.Join(errStarted, errEnd); err != nil {
		return j, err
	}
	if st.PID != 0 {
		host, _ := os.Hostname()
		j.State, j.Reason, j.Started, j.Nodes = drivers.JobRunning, "", st.At, []string{host}
		if j.Limit > 0 {
			j.Ends = st.At.Add(j.Limit)
		}
	}
	switch {
	case e.State != "":
	case st.PID == 0 && time.Since(j.Submitted) > startWithin:
		e = end{State: drivers.JobFailed, Reason: "NeverStarted", At: j.Submitted}
	case st.PID != 0 && !st.alive():
		// The end is written before the shepherd goes, so it is looked for once more now that it is gone.
		if err := optional(folder, endFile, &e); err != nil {
			return j, err
		}
		if e.State == "" {
			e = end{State: drivers.JobNodeFail, Reason: "ShepherdKilled", At: time.Now()}
			killMarked(spec.Tag.Nonce)
			_ = writeFile(folder, endFile, e) // else the next listing finds it out again
		}
	}
	if e.State != "" {
		j.State, j.Reason, j.Exit, j.Signal = e.State, e.Reason, e.Exit, e.Signal
		if time.Since(e.At) > forgetAfter {
			_ = os.RemoveAll(folder) // the next listing tries again
		}
	}
	return j, nil
}

const (
	jobFile     = "job.json"
	startedFile = "started.json"
	limitFile   = "limit.json"
	tagFile     = "tag.json"
	cancelFile  = "cancel"
	endFile     = "end.json"
)

func readFile(folder, name string, v any) error {
	b, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s is damaged: %w", filepath.Join(folder, name), err)
	}
	return nil
}

// optional reads a file that may be absent.
func optional(folder, name string, v any) error {
	if err := readFile(folder, name, v); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeFile replaces a file whole, durably.
func writeFile(folder, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".tmp-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(folder, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
