package serving

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite"
)

const samplesFile = "samples.jsonl.gz"

// sampleLine is one line of samples.jsonl.gz. due_ms and sent_ms count from the first dispatch, latencies from the send;
// sent_unix_ns is the wall clock of the client's host, by the window of the result.
type sampleLine struct {
	Index      int     `json:"i"`
	Due        float64 `json:"due_ms"`  // when it was due
	Sent       float64 `json:"sent_ms"` // when it was sent
	Wall       int64   `json:"sent_unix_ns"`
	Late       float64 `json:"late_ms"` // the client's own delay
	TTFT       float64 `json:"ttft_ms,omitempty"`
	E2EL       float64 `json:"e2el_ms,omitempty"`
	In         int     `json:"in,omitempty"`
	Out        int     `json:"out,omitempty"`
	Chunks     int     `json:"chunks,omitempty"`
	Structured bool    `json:"structured"`
	Verdict    verdict `json:"verdict,omitempty"`
	Outcome    string  `json:"outcome"` // ok, or the kind of failure
}

func writeSamples(dir string, records []record, window drivers.Window) error {
	origin := records[0].sent
	for i := range records {
		origin = min(origin, records[i].sent, records[i].due)
	}
	return durable.Writer{}.Stream(filepath.Join(dir, samplesFile), 0o600, func(f io.Writer) error {
		b := bufio.NewWriterSize(f, filePiece)
		z, err := gzip.NewWriterLevel(b, gzip.BestSpeed)
		if err != nil {
			return err
		}
		enc := json.NewEncoder(z)
		for i := range records {
			l := records[i].line(origin)
			l.Wall = window.Wall(records[i].sent).UnixNano()
			if err := enc.Encode(l); err != nil {
				return err
			}
		}
		return errors.Join(z.Close(), b.Flush())
	})
}

func (r *record) line(origin time.Duration) sampleLine {
	l := sampleLine{
		Index: r.index, Due: suite.Millis(r.due - origin), Sent: suite.Millis(r.sent - origin), Late: suite.Millis(r.lateness()),
		Structured: r.structured, Verdict: r.verdict, Outcome: "ok",
	}
	if r.failure != nil {
		l.Outcome = r.failure.Kind
		return l
	}
	l.TTFT, l.E2EL, l.In, l.Out, l.Chunks = r.ttft, r.e2el, r.in, r.out, len(r.answer.Events)
	return l
}
