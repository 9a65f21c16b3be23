//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// guidellm is GuideLLM from PyPI, with a folder that holds a tokenizer.
func guidellm(path, tokenizer string) external {
	return external{"guidellm", func(s scenario, url, dir string) []string {
		kind, rate := "concurrent", strconv.Itoa(s.bound)
		if s.rate > 0 {
			kind, rate = "constant", strconv.FormatFloat(s.rate, 'f', -1, 64)
		}
		return []string{path, "benchmark", "--target", url, "--model", model, "--processor", tokenizer, "--rate-type", kind, "--rate", rate, "--max-requests", strconv.Itoa(s.prompts),
			"--data", fmt.Sprintf("prompt_tokens=%d,output_tokens=%d", max(8, s.input), s.tokens), "--output-path", filepath.Join(dir, "guidellm.json"), "--disable-progress"}
	}, guidellmRows}
}

// guidellmRows reads its result.
func guidellmRows(dir, _ string, s scenario) (rows []row, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "guidellm.json"))
	if err != nil {
		return nil, err
	}
	var res struct {
		Benchmarks []struct {
			Requests struct {
				Successful []struct {
					Start  float64 `json:"start_time"`
					First  float64 `json:"first_token_time"`
					Last   float64 `json:"last_token_time"`
					Tokens int     `json:"output_tokens"`
				} `json:"successful"`
			} `json:"requests"`
		} `json:"benchmarks"`
	}
	if err := json.Unmarshal(b, &res); err != nil {
		return nil, err
	}
	seconds := func(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }
	for _, b := range res.Benchmarks {
		for _, r := range b.Requests.Successful {
			rows = append(rows, row{sent: seconds(r.Start), first: seconds(r.First - r.Start), last: seconds(r.Last - r.Start), tokens: r.Tokens, chunks: s.tokens})
		}
	}
	return numbered(rows), nil
}
