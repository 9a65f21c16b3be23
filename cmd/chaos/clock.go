package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// clockLibrary steps the wall clock of one program, which loads it before its own libraries. CLOCK_REALTIME has no
// namespace, and a static program such as assay loads no library: so it is Slurm's clock that steps, and not assay's.
const clockLibrary = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long step(void) { const char *s = getenv("ASSAY_CHAOS_CLOCK"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t id, struct timespec *t) {
	static int (*real)(clockid_t, struct timespec *);
	if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
	int r = real(id, t);
	if (!r && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) t->tv_sec += step();
	return r;
}
int gettimeofday(struct timeval *restrict t, void *restrict z) {
	struct timespec now;
	int r = clock_gettime(CLOCK_REALTIME, &now);
	if (!r && t) { t->tv_sec = now.tv_sec; t->tv_usec = now.tv_nsec / 1000; }
	return r;
}
time_t time(time_t *t) {
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (t) *t = now.tv_sec;
	return now.tv_sec;
}
`

// clockStep is more than any job lasts here: a time in Slurm's log that this shifts is recognised, see trueTime.
const clockStep = 40 * time.Hour

// window is when slurmctld ran on a stepped clock.
type window struct {
	from, to time.Time
	step     time.Duration
}

func noCompiler() string {
	if _, err := exec.LookPath("cc"); err != nil {
		return "no cc on PATH, and the step of slurmctld's clock is a library of a few lines of C"
	}
	return ""
}

// slurmctldClock restarts slurmctld on a clock that is a day and more ahead or behind, and then on the true one.
func slurmctldClock(w *world, f fault) (hit, error) {
	library := filepath.Join(w.dir, "clock.so")
	if _, err := os.Stat(library); err != nil {
		source := filepath.Join(w.dir, "clock.c")
		if err := create(source, clockLibrary); err != nil {
			return hit{}, err
		}
		if err := command("cc", "-shared", "-fPIC", "-O1", "-o", library, source); err != nil {
			return hit{}, err
		}
	}
	step := clockStep
	if f.roll%2 == 0 {
		step = -step
	}
	end, err := w.restartSlurmctld(library, step)
	if err != nil {
		return hit{undo: w.startSlurmctld}, err
	}
	return hit{note: fmt.Sprintf("by %s", step), undo: end}, nil
}

// restartSlurmctld restarts it on a stepped clock, and returns what puts it back.
func (w *world) restartSlurmctld(library string, step time.Duration) (func() error, error) {
	if err := w.endSlurmctld(); err != nil {
		return nil, err
	}
	at := w.openWindow(step)
	path, err := exec.LookPath("slurmctld")
	if err != nil {
		return nil, err
	}
	c := exec.Command(path, "-f", w.cl.Conf())
	c.Env = append(os.Environ(), "SLURM_CONF="+w.cl.Conf(), "LD_PRELOAD="+library, fmt.Sprintf("ASSAY_CHAOS_CLOCK=%d", int(step.Seconds())))
	err = c.Run() // it goes into the background
	return func() error {
		if err := w.unstepped(); err != nil {
			return err
		}
		w.closeWindow(at)
		if err := w.startSlurmctld(); err != nil {
			return err
		}
		return w.beginNow()
	}, err
}

// beginNow lets assay's jobs begin that were submitted while the clock was ahead: they are not due before the time that it
// showed. Those of others stay as they are, under whatever name, since what is asked of them is taken for assay's doing.
func (w *world) beginNow() error {
	all, err := w.queue()
	for _, q := range all {
		if !q.ours() || q.state != "PENDING" {
			continue
		}
		w.others.broken(q.id)
		if _, failed := w.slurm("scontrol", "update", "JobId="+q.id, "StartTime=now"); failed != nil && !strings.Contains(failed.Error(), "Invalid job id") {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// clockwise are the slurmctlds whose clock is stepped.
func (w *world) clockwise() []process {
	return w.procs.those(func(p process) bool { return p.name == "slurmctld" && p.stepped })
}

// unstepped ends a slurmctld whose clock is still stepped. It waits for moments by a clock that the kernel does not share, so
// it may take hours to end in order.
func (w *world) unstepped() error {
	if len(w.clockwise()) > 0 {
		w.rewind()
	}
	return ignoreNothing(w.signalAll(w.clockwise(), syscall.SIGKILL))
}

// endSlurmctld ends it as an administrator does, so that it saves its state.
func (w *world) endSlurmctld() error {
	if err := w.cl.StopController(); err != nil {
		return errors.Join(errNothing, err)
	}
	return nil
}

func (w *world) openWindow(step time.Duration) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.windows = append(w.windows, window{from: time.Now().Add(-time.Second), to: time.Now().Add(24 * time.Hour), step: step})
	return len(w.windows) - 1
}

func (w *world) closeWindow(i int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.windows[i].to = time.Now().Add(time.Second)
}

// trueTime takes the step of slurmctld's clock off a time in its log, if it was written in such a window.
func (w *world) trueTime(t time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, of := range w.windows {
		if was := t.Add(-of.step); !t.IsZero() && was.After(of.from) && was.Before(of.to) {
			return was
		}
	}
	return t
}
