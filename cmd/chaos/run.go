package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// inside does the work, in the namespaces.
func inside(ctx context.Context, o options) (int, error) {
	kinds, left := chosen(o)
	if len(kinds) == 0 {
		return 1, errors.New("no kind is left to choose from")
	}
	j := &journal{o: o, begun: time.Now(), told: map[string]bool{}}
	j.say("seed %d, %d faults of %d kinds", o.seed, o.faults, len(kinds))
	for _, why := range left {
		j.say("left out: %s", why)
	}
	w, err := build(ctx, o)
	if err != nil {
		return 1, err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	s := newWatch(w, j)
	s.begin(watching)
	c := checker{w, j, s}
	if !c.converge(ctx, "at the start") {
		return 1, errors.Join(errors.New("not everything came up before the first fault"), ctx.Err())
	}
	for i, batch := range schedule(o, kinds) {
		if ctx.Err() != nil || o.limit > 0 && time.Since(j.begun) > o.limit {
			break
		}
		run(ctx, w, j, i+1, batch)
		repair(w, j)
		c.quiet(ctx, i+1)
	}
	if ctx.Err() == nil {
		c.deleted(ctx)
	}
	stop()
	report(os.Stdout, j)
	fmt.Printf("  the controller refused to start %d times, with a reason, and was started again\n", w.controller.refused())
	if ctx.Err() != nil {
		return 130, errors.New("interrupted")
	}
	if len(j.violations) > 0 {
		return 1, nil
	}
	return 0, nil
}

// run injects the faults of a batch and returns when the last one is undone.
func run(ctx context.Context, w *world, j *journal, round int, batch []fault) {
	if err := w.apply(ctx, round); err != nil {
		j.violated("what is typed is taken", "apply", "apply between two batches: %v", err)
	}
	var open sync.WaitGroup
	for _, f := range batch {
		if !sleep(ctx, f.after) {
			break
		}
		open.Go(func() { inject(ctx, w, j, f) })
	}
	open.Wait()
}

func inject(ctx context.Context, w *world, j *journal, f fault) {
	d := &done{fault: f}
	h, err := f.kind.do(w, f)
	for range 10 { // what it breaks may come soon, and slurmctld, which is asked to
		if err == nil || !sleep(ctx, 500*time.Millisecond) {
			break
		}
		h, err = f.kind.do(w, f)
	}
	d.at = time.Now()
	j.mu.Lock()
	d.note, d.services = h.note, h.services
	if err != nil {
		d.failed = " (" + oneLine(err.Error()) + ")"
	}
	j.faults = append(j.faults, d)
	j.print(d.String() + " " + d.note + d.failed)
	j.mu.Unlock()
	if h.undo != nil {
		sleep(ctx, f.length)
		undo(j, f, h.undo)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		d.undone = time.Now()
	}
}

// undo tries for two minutes: another fault may be in the way.
func undo(j *journal, f fault, do func() error) {
	var err error
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		if err = do(); err == nil {
			return
		}
	}
	j.say("%s could not be undone: %v", f, err)
}

// repair makes sure that nothing of a batch is left: faults that overlap can undo each other's undoing.
func repair(w *world, j *journal) {
	_ = thaw(w.state)
	for _, p := range w.procs.those(func(p process) bool { return p.state == 'T' }) {
		_ = p.kill(syscall.SIGCONT)
	}
	steps := []func() error{func() error { return w.goneAndThen(w.cl.StartMunge, "munged") }}
	if noAccounting() == "" {
		steps = append(steps, w.startSlurmdbd)
	}
	steps = append(steps, w.unstepped, w.startSlurmctld)
	for n := 1; n <= nodes; n++ {
		node := fmt.Sprintf("n%d", n)
		_ = command("ip", "address", "add", address(n)+"/32", "dev", "lo") // it is there
		steps = append(steps, func() error { return w.startNode(node) }, func() error { return w.resume(node) })
	}
	if w.prometheus != "" {
		steps = append(steps, func() error { return w.goneAndThen(w.startPrometheus, "prometheus") })
	}
	steps = append(steps, w.free, w.controller.start)
	for _, step := range steps {
		var err error
		for range 10 {
			if err = step(); err == nil {
				break
			}
			time.Sleep(time.Second)
		}
		if err != nil {
			j.say("repairing the cluster: %v", err)
		}
	}
}

// sleep reports whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
