//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/drivers/suite/loadgen/socket"
)

// pythonClient runs `vllm bench serve` of the environment at home, which also holds a model whose tokenizer it needs
// (home/model). Its CPU is that between its first request and its last answer: the start alone takes more.
func pythonClient(ctx context.Context, s scenario, home, url, dir string) (used usage, rows []row, err error) {
	rate := "inf"
	if s.rate > 0 {
		rate = strconv.FormatFloat(s.rate, 'f', -1, 64)
	}
	args := []string{"bench", "serve", "--backend", "openai", "--base-url", url, "--model", model, "--tokenizer", filepath.Join(home, "model"),
		"--dataset-name", "random", "--random-input-len", "8", "--random-output-len", strconv.Itoa(s.tokens), "--num-prompts", strconv.Itoa(s.prompts),
		"--request-rate", rate, "--request-id-prefix", "r-", "--save-result", "--save-detailed", "--result-dir", dir, "--disable-tqdm", "--ready-check-timeout-sec", "0"}
	if s.bound > 0 {
		args = append(args, "--max-concurrency", strconv.Itoa(s.bound))
	}
	cmd := exec.CommandContext(ctx, filepath.Join(home, "bin", "vllm"), args...)
	cmd.Env = append(os.Environ(), "CUDA_VISIBLE_DEVICES=", "VLLM_LOGGING_LEVEL=WARNING", "HF_HUB_OFFLINE=1")
	cmd.WaitDelay = 10 * time.Second
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := startOn(cmd, 0); err != nil {
		return nil, nil, err
	}
	watched := watchCPU(cmd.Process.Pid)
	err = cmd.Wait()
	used = watched()
	if err != nil {
		text := output.String()
		return nil, nil, fmt.Errorf("%w: %s", err, text[max(0, len(text)-600):])
	}
	rows, err = vllmRows(dir, s)
	return used, rows, err
}

// vllmRows reads the result, whose times count from the beginning of each request; see place.
func vllmRows(dir string, s scenario) ([]row, error) {
	file, err := newest(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var res struct {
		TTFTs  []float64   `json:"ttfts"`
		ITLs   [][]float64 `json:"itls"`
		Out    []int       `json:"output_lens"`
		Errors []string    `json:"errors"`
	}
	if err := json.Unmarshal(b, &res); err != nil {
		return nil, err
	}
	if len(res.TTFTs) != s.prompts {
		return nil, errors.New("vLLM's result holds another number of requests than the scenario")
	}
	seconds := func(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }
	rows := make([]row, s.prompts)
	for i := range rows {
		r := &rows[i]
		*r = row{id: fmt.Sprintf("r-%d", i), tokens: res.Out[i], chunks: 1 + len(res.ITLs[i]), failure: res.Errors[i]}
		r.first = seconds(res.TTFTs[i])
		r.last = r.first
		for _, gap := range res.ITLs[i] {
			r.last += seconds(gap)
		}
	}
	return rows, nil
}

// place moves the rows to the server's clock, by its arrivals.
func (m *measured) place() {
	for i := range m.rows {
		r := &m.rows[i]
		at := m.truth[r.id].arrived
		r.sent, r.first, r.last = at, r.first+at, r.last+at
	}
}

// usage is the CPU time of a process at times of CLOCK_MONOTONIC.
type usage []struct{ at, cpu time.Duration }

// watchCPU reads /proc ten times a second until stop is called.
func watchCPU(pid int) (stop func() usage) {
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
				if cpu, ok := procCPU(pid); ok {
					out = append(out, struct{ at, cpu time.Duration }{socket.Monotonic(), cpu})
				}
			}
		}
	}()
	return func() usage { close(quit); return <-ended }
}

// procCPU is utime and stime of /proc/PID/stat, in ticks of 10 ms.
func procCPU(pid int) (time.Duration, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, false
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, true
}

// between is the CPU seconds from the first request to the last answer.
func (u usage) between(rows []row) float64 {
	first, last := time.Duration(math.MaxInt64), time.Duration(0)
	for _, r := range rows {
		first, last = min(first, r.sent), max(last, r.last)
	}
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

// newest is the latest file of a pattern.
func newest(pattern string) (string, error) {
	files, err := filepath.Glob(pattern)
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("nothing matches %s", pattern)
	}
	if err != nil {
		return "", err
	}
	return slices.Max(files), nil
}
