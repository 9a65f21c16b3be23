//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/suite/loadgen/socket"
	"assay/drivers/suite/selftest/truth"
)

// startTruth starts the server; its first line of output is its address.
func startTruth(ctx context.Context, p truth.Pace) (url string, stop func(), err error) {
	cmd, err := reexec(ctx, "truth", p.TTFT.String(), p.ITL.String(), strconv.Itoa(p.Tokens), strconv.Itoa(p.Each))
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := startOn(cmd, 1); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(unix.SIGTERM)
		_ = cmd.Wait()
	}
	var address string
	if _, err := fmt.Fscan(out, &address); err != nil {
		stop()
		return "", nil, err
	}
	return "http://" + address, stop, nil
}

// reexec is this program with other arguments.
func reexec(ctx context.Context, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(unix.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd, nil
}

// goClient runs the client with an engine of this program.
func goClient(ctx context.Context, s scenario, engine, url, dir string) (m measured, err error) {
	cmd, err := reexec(ctx, "client", engine, s.name, url, dir)
	if err != nil {
		return m, err
	}
	var out strings.Builder
	cmd.Stdout = &out
	m.began = socket.Monotonic()
	if err := startOn(cmd, s.core()); err != nil {
		return m, err
	}
	if err := cmd.Wait(); err != nil {
		return m, err
	}
	m.ended = socket.Monotonic()
	if _, err := fmt.Sscan(out.String(), &m.cpu); err != nil {
		return m, err
	}
	if m.rows, err = readRows(dir); err != nil {
		return m, err
	}
	first, last := m.span()
	m.scenario, m.start, m.end = s, (first - m.began).Seconds(), (m.ended - last).Seconds()
	if used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.memory = float64(used.Maxrss) / 1024
	}
	return m, nil
}

// cores are the two cores for the client and the server; nil when there are fewer than two.
func cores() []int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	var out []int
	for cpu := range 1024 {
		if set.IsSet(cpu) {
			out = append(out, cpu)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out[:2]
}

func pinning() string {
	if cores() == nil {
		return ", client and server on the same one"
	}
	return ", the client pinned to one and the server to another"
}

// startOn starts a program on one of the cores, or on any (-1): it inherits the affinity of the thread that starts it.
func startOn(cmd *exec.Cmd, which int) error {
	own := cores()
	if own == nil || which < 0 {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	one.Set(own[which])
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	return errors.Join(cmd.Start(), unix.SchedSetaffinity(0, &before))
}
