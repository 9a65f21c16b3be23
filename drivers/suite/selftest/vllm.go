//go:build linux

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// vllmBench is `vllm bench serve` of the environment at home, which also holds a model whose tokenizer it needs (home/model).
func vllmBench(home string) external {
	return external{"vllm", func(s scenario, url, dir string) []string {
		rate := "inf"
		if s.rate > 0 {
			rate = strconv.FormatFloat(s.rate, 'f', -1, 64)
		}
		args := []string{filepath.Join(home, "bin", "vllm"), "bench", "serve", "--backend", "openai", "--base-url", url, "--model", model, "--tokenizer", filepath.Join(home, "model"),
			"--dataset-name", "random", "--random-input-len", strconv.Itoa(cmp.Or(s.input, 8)), "--random-output-len", strconv.Itoa(s.tokens), "--num-prompts", strconv.Itoa(s.prompts),
			"--request-rate", rate, "--request-id-prefix", "r-", "--save-result", "--save-detailed", "--result-dir", dir, "--disable-tqdm", "--ready-check-timeout-sec", "0"}
		if s.bound > 0 {
			args = append(args, "--max-concurrency", strconv.Itoa(s.bound))
		}
		return args
	}, func(dir, _ string, s scenario) ([]row, error) { return vllmRows(dir, s) }}
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
