package calibrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"assay/drivers/durable"
)

// maxResult bounds a client's result, in bytes.
const maxResult = 1 << 30

// claims is vLLM's result JSON, as far as it is compared. The lists are there with --save-detailed only.
type claims struct {
	Completed  int       `json:"completed"`
	Throughput *float64  `json:"request_throughput"`
	MedianTTFT *float64  `json:"median_ttft_ms"`
	P99TTFT    *float64  `json:"p99_ttft_ms"`
	MeanITL    *float64  `json:"mean_itl_ms"`
	Starts     []float64 `json:"start_times"` // s of CLOCK_MONOTONIC
}

// readClaims reads a result, or says why it does not. A folder is that of a run of assay, which writes one too.
func readClaims(path string) (c *claims, unread string) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		files, _ := filepath.Glob(filepath.Join(path, "benchmark_*.json")) // the pattern is well formed
		if len(files) != 1 {
			return nil, "the run left no result of its own"
		}
		path = files[0]
	}
	b, err := durable.Read(path, maxResult)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "it wrote no file at {result}; of vllm bench serve: --save-result --save-detailed --result-filename {result}"
	case err != nil:
		return nil, err.Error()
	}
	if err := json.Unmarshal(b, &c); err != nil || c == nil || c.Throughput == nil {
		return nil, fmt.Sprintf("what it wrote is not in the form of vLLM's result (%v)", err)
	}
	return c, ""
}

// Of a client whose claims are not read, nil, nothing is known.

func (c *claims) completed() int {
	if c == nil {
		return 0
	}
	return c.Completed
}

func (c *claims) ttft(p float64) *float64 {
	switch {
	case c == nil:
		return nil
	case p == 99:
		return c.P99TTFT
	}
	return c.MedianTTFT
}

func (c *claims) itl() *float64 {
	if c == nil {
		return nil
	}
	return c.MeanITL
}

func (c *claims) throughput() *float64 {
	if c == nil {
		return nil
	}
	return c.Throughput
}
