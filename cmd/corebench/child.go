package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"assay/drivers/durable"
	"assay/drivers/fake"
	"assay/reconciler"
	"assay/reconciler/plan"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// childFlag makes this program a controller of a state directory, which prints what it cost: DIR EXPERIMENTS UP OPERATION.
const childFlag = "-child"

// child is a controller of its own, so that its memory is its own.
func child(args []string) error {
	experiments, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	operation, err := time.ParseDuration(args[3])
	if err != nil {
		return err
	}
	var delay time.Duration // not while the services come up
	slow := func(string) { time.Sleep(delay) }
	durable.OnRead(slow)
	began := time.Now()
	s, err := store.Open(args[0], store.Options{NoSync: true, Hook: func(call string) {
		if strings.HasPrefix(call, "before") {
			slow(call)
		}
	}})
	if err != nil {
		return err
	}
	lease, err := s.Acquire(context.Background(), "corebench", time.Second)
	if err != nil {
		return err
	}
	cluster := fake.New(fake.Options{Nodes: experiments + 1, Startup: time.Second})
	loop := &reconciler.Loop{
		Store: s, Lease: lease, Scheduler: cluster, Compile: compile, Clock: cluster.Now, Binary: "assay", Probe: answering,
		Policy: plan.Policy{Settle: time.Minute, Stale: time.Hour, BackoffMax: time.Minute, Proven: time.Hour, RunAttempts: 3},
	}
	var b bill
	if _, err := loop.Pass(context.Background()); err != nil {
		return err
	}
	b.Start = time.Since(began)
	if args[2] == "true" {
		if err := comeUp(loop, cluster, experiments); err != nil {
			return err
		}
	}
	delay = operation
	if b.Pass, err = idlePass(loop, cluster); err != nil {
		return err
	}
	delay = 0
	began = time.Now()
	if seen, err := view.Read(s); err != nil {
		return err
	} else if all, err := seen.Objects("services", view.Filter{}); err != nil || len(all) != experiments {
		return fmt.Errorf("%d services, %w", len(all), err)
	}
	b.Get, b.Memory = time.Since(began), resident()
	if err := lease.Release(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(b)
}

func comeUp(loop *reconciler.Loop, cluster *fake.Cluster, experiments int) error {
	for range 20 {
		cluster.Advance(5 * time.Second)
		r, err := loop.Pass(context.Background())
		if err != nil {
			return err
		}
		if err := loop.Finish(context.Background()); err != nil {
			return err
		}
		if len(r.Actions) == 0 && r.Status[experiments-1].Services[0].Ready == 1 {
			return nil
		}
	}
	return errNotUp
}

// idlePass is the best of some passes a second apart. Each fifth one also says when it looked.
func idlePass(loop *reconciler.Loop, cluster *fake.Cluster) (best time.Duration, err error) {
	for range rounds {
		cluster.Advance(time.Second)
		began := time.Now()
		if _, err := loop.Pass(context.Background()); err != nil {
			return 0, err
		}
		if took := time.Since(began); best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

// resident is the most memory that this process has had, in bytes; 0 where the system does not say.
func resident() int64 {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return n << 10
		}
	}
	return 0
}
