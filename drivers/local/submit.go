package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"assay/drivers"
	"assay/drivers/safefile"
)

// Submit starts a job. Once job.json is there the job exists, whatever happens to the caller.
func (s *Scheduler) Submit(ctx context.Context, spec drivers.JobSpec) (drivers.JobID, error) {
	if err := accept(spec); err != nil {
		return "", fmt.Errorf("submitting %s to this machine: %w: %w", spec.Name, drivers.ErrRejected, err)
	}
	id, folder, err := s.newFolder()
	if err != nil {
		return "", fmt.Errorf("submitting %s to this machine: %w: %w", spec.Name, drivers.ErrUnavailable, err)
	}
	if err := files.ReplaceRecord(filepath.Join(folder, jobFile), spec, nil); err != nil {
		return "", fmt.Errorf("submitting %s to this machine: %w: %w", spec.Name, drivers.ErrUncertain, err)
	}
	if err := s.shepherd(id, spec); err != nil {
		failed := end{State: drivers.JobFailed, Reason: "StartFailed", At: time.Now()}
		_ = files.ReplaceRecord(filepath.Join(folder, endFile), failed, nil) // without it, it is listed as NeverStarted
		return "", fmt.Errorf("starting %s on this machine: %w: %w", spec.Name, drivers.ErrRejected, err)
	}
	s.forget() // after newFolder, so that ids go on from the last one
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
		return errors.New("an argument is not text") // job.json would change it
	case spec.Dir == "":
		return errors.New("the job has no directory")
	}
	return nil
}

// newFolder takes the next id. Of several processes that make one folder, one succeeds.
func (s *Scheduler) newFolder() (id, folder string, err error) {
	numbers, err := s.numbers()
	if err != nil {
		return "", "", err
	}
	next := 1
	if len(numbers) > 0 {
		next = numbers[len(numbers)-1] + 1
	}
	for ; ; next++ {
		id = s.id(next)
		folder = s.folder(id)
		if err = os.Mkdir(folder, 0o700); !errors.Is(err, fs.ErrExist) {
			return id, folder, err
		}
	}
}

// passed are the variables of the submitter that a job gets, beside Slurm's own, as on a cluster: no others, because the job
// outlives the shell, whose secrets would stay in the environment of its supervisors.
var passed = []string{"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
	"ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "MODULEPATH", "LOADEDMODULES"}

func environment() (env []string) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); slices.Contains(passed, name) || strings.HasPrefix(name, "SLURM") {
			env = append(env, v)
		}
	}
	return env
}

// shepherd starts the job's shepherd, detached from this process.
func (s *Scheduler) shepherd(id string, spec drivers.JobSpec) error {
	log, err := os.OpenFile(filepath.Join(spec.Dir, drivers.JobLog(id)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	argv := append(slices.Clone(s.o.Shepherd), s.dir, id)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = spec.Dir, environment(), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // reaps it while this process lives; its end is in end.json
	return nil
}

// forget removes the folders of jobs that ended long ago, and of submissions that were cut short long ago. What cannot
// be removed now is removed by the next submission.
func (s *Scheduler) forget() {
	numbers, _ := s.numbers()
	for _, n := range numbers {
		folder := s.folder(s.id(n))
		f, err := s.facts(s.id(n))
		var over time.Time // zero: keep it
		if absent(err) {
			if info, err := os.Stat(folder); err == nil {
				over = info.ModTime()
			}
		} else if e := f.outcome(); err == nil && e != nil {
			over = e.At
		}
		if !over.IsZero() && time.Since(over) > forgetAfter {
			_ = os.Remove(filepath.Join(folder, jobFile)) // first: without it there is no job
			_ = safefile.RemoveAll(context.Background(), folder)
		}
	}
}
