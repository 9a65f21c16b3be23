package main

import (
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

func controllerKill(w *world, _ fault) (hit, error) {
	return hit{undo: w.controller.start}, w.controller.kill()
}

func controllerStop(w *world, _ fault) (hit, error) {
	return hit{undo: func() error { return ignoreNothing(w.controller.signal(syscall.SIGCONT)) }}, w.controller.signal(syscall.SIGSTOP)
}

func controllerSecond(w *world, _ fault) (hit, error) {
	c := exec.Command(w.bin, "--state", w.state, "controller")
	c.Env, c.Dir = w.env(), w.dir
	if err := c.Start(); err != nil {
		return hit{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	return hit{undo: func() error {
		_ = c.Process.Kill() // it has ended when it refused, as it should
		<-ended
		return nil
	}}, nil
}

// ofRole chooses a process of that role.
func (w *world) ofRole(f fault, role string) (process, error) {
	return pick(f, w.procs.those(func(p process) bool { return p.role == role }))
}

func killOne(role string) func(*world, fault) (hit, error) {
	return func(w *world, f fault) (hit, error) {
		p, err := w.ofRole(f, role)
		if err != nil {
			return hit{}, err
		}
		return hit{note: p.describe(), services: servicesOf(p.seat)}, p.kill(syscall.SIGKILL)
	}
}

func stopOne(role string) func(*world, fault) (hit, error) {
	return func(w *world, f fault) (hit, error) {
		p, err := w.ofRole(f, role)
		if err != nil {
			return hit{}, err
		}
		return stop(p, servicesOf(p.seat))
	}
}

func stop(p process, services []string) (hit, error) {
	return hit{note: p.describe(), services: services, undo: func() error { return ignoreNothing(p.kill(syscall.SIGCONT)) }}, p.kill(syscall.SIGSTOP)
}

// stepd signals the slurmstepd of a batch job of ours.
func stepd(s syscall.Signal) func(*world, fault) (hit, error) {
	return func(w *world, f fault) (hit, error) {
		agent, err := w.ofRole(f, "agent")
		if err != nil {
			return hit{}, err
		}
		p, err := pick(f, w.procs.those(func(p process) bool {
			return p.name == "slurmstepd" && strings.Contains(strings.Join(p.argv, " "), "["+agent.job+".batch]")
		}))
		if err != nil {
			return hit{}, err
		}
		p.seat, p.nonce = agent.seat, agent.nonce
		if s == syscall.SIGSTOP {
			return stop(p, servicesOf(agent.seat))
		}
		return hit{note: p.describe(), services: servicesOf(agent.seat)}, p.kill(s)
	}
}

// sbatchKill cancels a job, so that something is to submit, and kills each sbatch some milliseconds after it began.
func sbatchKill(w *world, f fault) (hit, error) {
	h, err := jobCancel(w, f)
	if err != nil {
		return h, err
	}
	var done atomic.Bool
	killed := make(chan int)
	go func() {
		n, seen := 0, map[identity]bool{}
		for roll := f.roll; !done.Load(); time.Sleep(2 * time.Millisecond) {
			for _, pr := range sbatches() {
				if id := (identity{pr.pid, pr.start}); !seen[id] {
					seen[id] = true
					roll = roll*6364136223846793005 + 1442695040888963407
					time.Sleep(time.Duration(roll>>33%40) * time.Millisecond)
					if pr.kill(syscall.SIGKILL) == nil {
						n++
					}
				}
			}
		}
		killed <- n
	}()
	h.undo = func() error {
		if !done.Swap(true) {
			<-killed
		}
		return nil
	}
	return h, nil
}

func sbatches() (out []process) {
	all, _ := exec.Command("pidof", "sbatch").Output() // exit code 1: none
	for _, pid := range strings.Fields(string(all)) {
		if pr, ok := read("/proc/" + pid); ok {
			out = append(out, pr)
		}
	}
	return out
}

func (p process) describe() string {
	return fmt.Sprintf("%s pid %d of %s nonce %s", p.name, p.pid, p.seat, p.nonce)
}

// servicesOf are the services of a seat, which is a folder's name such as web/files-0, or EXPERIMENT/GROUP.
func servicesOf(seat string) []string {
	experiment, group, _ := strings.Cut(seat, "/")
	group, _, _ = strings.Cut(group, "-")
	if group == "pair" {
		return []string{experiment + "/left", experiment + "/right"}
	}
	name := experiment + "/" + group
	if _, ok := wantedServices[name]; ok {
		return []string{name}
	}
	return nil // a run's job
}

func ignoreNothing(err error) error {
	if err == errNothing || err == syscall.ESRCH {
		return nil
	}
	return err
}
