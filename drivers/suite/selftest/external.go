//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"assay/drivers/suite/calibrate"
	"assay/drivers/suite/loadgen/socket"
)

// external is a client that is a program of its own.
type external struct {
	name string
	argv func(s scenario, url, dir string) []string                   // what is run; nil: it has no such load
	rows func(dir, output string, s scenario) (rows []row, err error) // what it wrote, with times from the beginning of each request
}

// externals are those that are installed: vLLM's environment, and what `make bench-peers` left in a folder. missing says why others
// are not.
func externals(vllm, peers string) (out []external, missing []string) {
	if vllm != "" {
		out = append(out, vllmBench(vllm))
	}
	if peers == "" {
		return out, []string{"hey, guidellm: make bench-peers installs them"}
	}
	if path := filepath.Join(peers, "hey"); isFile(path) {
		out = append(out, hey(path))
	}
	if path := filepath.Join(peers, "guidellm", "bin", "guidellm"); isFile(path) {
		out = append(out, guidellm(path, filepath.Join(peers, "tokenizer")))
	}
	text, _ := os.ReadFile(filepath.Join(peers, "missing")) // nothing is missing then
	for line := range strings.Lines(string(text)) {
		missing = append(missing, strings.TrimSpace(line))
	}
	return out, missing
}

// bodyFile is a request's body, for clients that take one.
const bodyFile = "body.json"

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// run runs the client. Its CPU is that between its first request and its last answer: the start alone can take more.
func (e external) run(ctx context.Context, s scenario, url, dir string) (used usage, m measured, err error) {
	body := fmt.Sprintf(`{"model":%q,"prompt":%q,"max_tokens":%d,"stream":true}`, model, s.prompt(), s.tokens)
	if err := os.WriteFile(filepath.Join(dir, bodyFile), []byte(body), 0o600); err != nil {
		return nil, m, err
	}
	argv := e.argv(s, url, dir)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "CUDA_VISIBLE_DEVICES=", "VLLM_LOGGING_LEVEL=WARNING", "HF_HUB_OFFLINE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	m.began = socket.Monotonic()
	if err := startOn(cmd, s.core()); err != nil {
		return nil, m, err
	}
	defer func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }() // what it left
	watched := watchCPU(cmd.Process.Pid)
	err = cmd.Wait()
	used, m.ended = watched(), socket.Monotonic()
	if err != nil {
		text := stderr.String() + stdout.String()
		return nil, m, fmt.Errorf("%w: %s", err, text[max(0, len(text)-600):])
	}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.memory = float64(u.Maxrss) / 1024
	}
	if m.rows, err = e.rows(dir, stdout.String(), s); err == nil && len(m.rows) != s.prompts {
		err = errors.New("its result holds another number of requests than the scenario")
	}
	return used, m, err
}

// place moves the rows to the server's clock, by its arrivals: of requests without an id the first to begin is the first to arrive,
// and what came before the measured ones, such as a test of the server, does not count.
func (m *measured) place() {
	before := max(0, len(m.truth)-len(m.rows))
	for i := range m.rows {
		r := &m.rows[i]
		if r.id == number(i) {
			r.id = number(before + i)
		}
		at := m.truth[r.id].arrived
		r.sent, r.first, r.last = at, r.first+at, r.last+at
	}
	first, last := m.span()
	m.start, m.end = (first - m.began).Seconds(), (m.ended - last).Seconds()
}

// numbered gives rows without an id the number of their begin among all.
func numbered(rows []row) []row {
	slices.SortStableFunc(rows, func(a, b row) int { return int(a.sent - b.sent) })
	for i := range rows {
		r := &rows[i]
		r.id, r.sent = number(i), 0
	}
	return rows
}

// number stands for the id of the i-th request to arrive without one.
func number(i int) string { return fmt.Sprintf("#%d", i) }

// usage is the CPU time of a process group at times of CLOCK_MONOTONIC.
type usage []struct{ at, cpu time.Duration }

// watchCPU reads /proc ten times a second until stop is called.
func watchCPU(group int) (stop func() usage) {
	quit, ended := make(chan struct{}), make(chan usage)
	go func() {
		var out usage
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				ended <- out
				return
			case <-tick.C:
				if cpu := calibrate.GroupCPU(group); cpu > 0 {
					out = append(out, struct{ at, cpu time.Duration }{socket.Monotonic(), cpu})
				}
			}
		}
	}()
	return func() usage { close(quit); return <-ended }
}

// between is the CPU seconds from the first request to the last answer.
func (u usage) between(first, last time.Duration) float64 {
	var from, to time.Duration
	for _, p := range u {
		if p.at <= first {
			from = p.cpu
		}
		if p.at <= last+100*time.Millisecond {
			to = p.cpu
		}
	}
	return (to - from).Seconds()
}
