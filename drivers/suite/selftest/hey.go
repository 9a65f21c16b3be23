//go:build linux

package main

import (
	"encoding/csv"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// hey is a plain HTTP load generator: it reads answers without looking into them. It has closed loops only, and takes as the first
// token the first byte.
func hey(path string) external {
	return external{"hey", func(s scenario, url, dir string) []string {
		if s.bound == 0 || s.rate > 0 {
			return nil
		}
		workers := s.bound
		for s.prompts%workers != 0 { // each sends as many
			workers--
		}
		return []string{path, "-n", strconv.Itoa(s.prompts), "-c", strconv.Itoa(workers), "-t", "60", "-cpus", "1", "-m", "POST", "-T", "application/json", "-o", "csv",
			"-D", filepath.Join(dir, bodyFile), url + "/v1/completions"}
	}, func(_, output string, s scenario) ([]row, error) { return heyRows(output, s) }}
}

// heyRows reads its lines: response-time, DNS+dialup, DNS, Request-write, Response-delay, Response-read, status-code, offset, in s.
func heyRows(output string, s scenario) (rows []row, err error) {
	lines, err := csv.NewReader(strings.NewReader(output)).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, l := range lines[min(1, len(lines)):] {
		if len(l) != 8 || l[6] != "200" {
			return nil, fmt.Errorf("a request of hey failed: %q", l)
		}
		var v [8]time.Duration
		for i, text := range l {
			n, _ := strconv.ParseFloat(text, 64) // hey writes numbers
			v[i] = time.Duration(n * float64(time.Second))
		}
		rows = append(rows, row{sent: v[7], first: v[1] + v[3] + v[4], last: v[0], tokens: s.tokens, chunks: s.tokens})
	}
	return numbered(rows), nil
}
