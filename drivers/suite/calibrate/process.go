package calibrate

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"assay/drivers/suite/loadgen/socket"
)

const (
	cpuEvery = 100 * time.Millisecond
	ticks    = 10 * time.Millisecond // of CPU time in /proc
)

// usage is the CPU time of a process group at moments of CLOCK_MONOTONIC.
type usage []struct{ at, cpu time.Duration }

// execute runs a command in a process group of its own to its end, and notes the CPU time that the group uses.
func execute(ctx context.Context, argv []string, log io.Writer) (usage, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = log, log, 10*time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }() // what it left
	quit, ended := make(chan struct{}), make(chan usage)
	go func() { ended <- watch(cmd.Process.Pid, quit) }()
	err := cmd.Wait()
	close(quit)
	used := <-ended
	if ctx.Err() != nil {
		err = fmt.Errorf("it did not end in time: %w", context.Cause(ctx))
	}
	return used, err
}

func watch(group int, quit chan struct{}) (out usage) {
	tick := time.NewTicker(cpuEvery)
	defer tick.Stop()
	for {
		if cpu := GroupCPU(group); cpu > 0 {
			out = append(out, struct{ at, cpu time.Duration }{socket.Monotonic(), cpu})
		}
		select {
		case <-quit:
			return out
		case <-tick.C:
		}
	}
}

// GroupCPU adds up what /proc says of the processes of a group: their own time, and that of children that they waited for.
func GroupCPU(group int) (sum time.Duration) {
	entries, _ := os.ReadDir("/proc") // nothing is known then
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		b, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		f := strings.Fields(rest) // state ppid pgrp …, from 3 on
		if len(f) < 15 || f[2] != strconv.Itoa(group) {
			continue
		}
		for _, n := range f[11:15] { // utime stime cutime cstime
			v, _ := strconv.Atoi(n) // the kernel writes numbers
			sum += time.Duration(v) * ticks
		}
	}
	return sum
}

// between is the CPU time from one moment to another, in seconds. It is not known when neither falls between two readings.
func (u usage) between(from, to time.Duration) (seconds float64, known bool) {
	var first, last time.Duration
	for _, p := range u {
		if p.at <= from {
			first, known = p.cpu, true
		}
		if p.at <= to+cpuEvery {
			last = p.cpu
		}
	}
	return (last - first).Seconds(), known && last >= first
}
