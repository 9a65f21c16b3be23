package export

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"assay/drivers/safefile"
	"assay/reconciler/results"
)

// samplesFile holds the requests of a serving run, a line each.
const samplesFile = "samples.jsonl.gz"

// longestLine is more bytes than a line of samples has.
const longestLine = 64 << 10

// sample is a request as samples.jsonl.gz has it. What did not happen is absent.
type sample struct {
	Index      int64    `json:"i"`
	Due        float64  `json:"due_ms"`
	Sent       float64  `json:"sent_ms"`
	Wall       int64    `json:"sent_unix_ns"`
	Late       float64  `json:"late_ms"`
	TTFT       *float64 `json:"ttft_ms"`
	E2EL       *float64 `json:"e2el_ms"`
	In         *int64   `json:"in"`
	Out        *int64   `json:"out"`
	Chunks     *int64   `json:"chunks"`
	Structured bool     `json:"structured"`
	Verdict    *string  `json:"verdict"`
	Outcome    string   `json:"outcome"`
}

// eachSample reads the requests of a run in order; a run without any is none.
func eachSample(r results.Row, do func(sample) error) error {
	f, err := safefile.OpenIn(r.Dir, samplesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("reading %s: %w", filepath.Join(r.Dir, samplesFile), err)
	}
	lines := bufio.NewScanner(gz)
	lines.Buffer(make([]byte, 4<<10), longestLine)
	for lines.Scan() {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return fmt.Errorf("reading %s: %w", filepath.Join(r.Dir, samplesFile), err)
		}
		if err := do(s); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading %s: %w", filepath.Join(r.Dir, samplesFile), err)
	}
	return nil
}
