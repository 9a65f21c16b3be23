package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// daemon chooses the running daemons of that name; words must be in the command line.
func (w *world) daemon(name string, words ...string) []process {
	return w.procs.those(func(p process) bool {
		return p.name == name && !slices.ContainsFunc(words, func(s string) bool { return !slices.Contains(p.argv, s) })
	})
}

func (w *world) signalAll(all []process, s syscall.Signal) error {
	if len(all) == 0 {
		return errNothing
	}
	for _, p := range all {
		_ = p.kill(s) // it may have ended
	}
	return nil
}

// goneAndThen waits until no such daemon runs any more and starts one.
func (w *world) goneAndThen(start func() error, name string, words ...string) error {
	for range 50 {
		if len(w.daemon(name, words...)) == 0 {
			return start()
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil // it runs: something else has started it
}

func (w *world) pause(name string, words ...string) (hit, error) {
	all := w.daemon(name, words...)
	return hit{undo: func() error { return ignoreNothing(w.signalAll(all, syscall.SIGCONT)) }}, w.signalAll(all, syscall.SIGSTOP)
}

func (w *world) startSlurmctld() error { return w.goneAndThen(w.cl.StartController, "slurmctld") }

func (w *world) startNode(node string) error {
	return w.goneAndThen(func() error { return w.cl.StartNode(node) }, "slurmd", node)
}

func slurmctldKill(w *world, _ fault) (hit, error) {
	w.rewind()
	return hit{undo: w.startSlurmctld}, w.signalAll(w.daemon("slurmctld"), syscall.SIGKILL)
}

// rewind notes that slurmctld forgets what it did last: it may take a job that has ended for a running one.
func (w *world) rewind() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rewinds = append(w.rewinds, time.Now())
}

// rewound reports whether it forgot something in that time: its log is no proof of when a job ended then.
func (w *world) rewound(from, to time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.rewinds, func(at time.Time) bool { return at.After(from) && at.Before(to.Add(time.Second)) })
}

func slurmctldStop(w *world, _ fault) (hit, error) { return w.pause("slurmctld") }

// slurmctldOlder gives slurmctld back what it had saved some seconds ago. Jobs that were submitted since then are forgotten,
// and others' jobs get their ids.
func slurmctldOlder(w *world, _ fault) (hit, error) {
	saved := w.savedSlurm()
	if saved == "" {
		return hit{}, errNothing
	}
	if err := w.signalAll(w.daemon("slurmctld"), syscall.SIGKILL); err != nil {
		return hit{}, err
	}
	restored := false // an undo is tried again when another fault is in the way
	return hit{note: "state of " + filepath.Base(saved), undo: func() error {
		state := filepath.Join(w.dir, "slurm", "state")
		if !restored {
			if err := errors.Join(os.RemoveAll(state), os.CopyFS(state, os.DirFS(saved))); err != nil {
				return err
			}
			restored = true
			w.rewind()
			w.others.lost()
		}
		if err := w.startSlurmctld(); err != nil {
			return err
		}
		return w.others.reuse(w.cl)
	}}, nil
}

func slurmdKill(w *world, f fault) (hit, error) {
	return hit{undo: func() error { return w.startNode(f.node) }}, w.signalAll(w.daemon("slurmd", f.node), syscall.SIGKILL)
}

func slurmdStop(w *world, f fault) (hit, error) { return w.pause("slurmd", f.node) }

// nodeReboot kills slurmd, the slurmstepds and everything of the jobs of a node.
func nodeReboot(w *world, f fault) (hit, error) {
	n := 0
	for range 5 { // what was started meanwhile as well
		ids := map[string]bool{}
		all := w.procs.list()
		for _, p := range all {
			if p.node == f.node && p.job != "" {
				ids[p.job] = true
			}
		}
		for _, p := range all {
			step := p.name == "slurmstepd" && slices.ContainsFunc(p.argv, func(a string) bool {
				id, _, _ := strings.Cut(strings.TrimPrefix(a, "["), ".")
				return ids[id]
			})
			if p.node == f.node || step || p.name == "slurmd" && slices.Contains(p.argv, f.node) {
				if p.kill(syscall.SIGKILL) == nil {
					n++
				}
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return hit{note: fmt.Sprintf("%d processes", n), undo: func() error {
		err := w.goneAndThen(func() error { return w.cl.StartNode(f.node, "-b") }, "slurmd", f.node)
		return errors.Join(err, w.resume(f.node))
	}}, nil
}

func nodeCut(w *world, f fault) (hit, error) {
	var n int
	if _, err := fmt.Sscanf(f.node, "n%d", &n); err != nil {
		return hit{}, err
	}
	return hit{undo: func() error {
		_ = command("ip", "address", "add", address(n)+"/32", "dev", "lo") // it may be there
		return w.resume(f.node)
	}}, command("ip", "address", "del", address(n)+"/32", "dev", "lo")
}

func mungeKill(w *world, _ fault) (hit, error) {
	return hit{undo: func() error { return w.goneAndThen(w.cl.StartMunge, "munged") }}, w.signalAll(w.daemon("munged"), syscall.SIGKILL)
}

func mungeStop(w *world, _ fault) (hit, error) { return w.pause("munged") }

func prometheusKill(w *world, _ fault) (hit, error) {
	return hit{undo: func() error { return w.goneAndThen(w.startPrometheus, "prometheus") }}, w.signalAll(w.daemon("prometheus"), syscall.SIGKILL)
}

func prometheusStop(w *world, _ fault) (hit, error) { return w.pause("prometheus") }

func slurmdbdKill(w *world, _ fault) (hit, error) {
	return hit{undo: w.startSlurmdbd}, w.signalAll(w.daemon("slurmdbd"), syscall.SIGKILL)
}

func (w *world) startSlurmdbd() error { return w.goneAndThen(w.cl.StartSlurmdbd, "slurmdbd") }

func slurmdbdStop(w *world, _ fault) (hit, error) { return w.pause("slurmdbd") }
