package serving

import (
	"strconv"
	"time"

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

// append adds the line as encoding/json writes it, in a fraction of its time: a run has as many as requests.
func (l *sampleLine) append(b []byte) []byte {
	number := func(name string, v float64, always bool) {
		if v != 0 || always {
			b = append(append(append(b, `,"`...), name...), `":`...)
			b = appendMillis(b, v)
		}
	}
	b = strconv.AppendInt(append(b, `{"i":`...), int64(l.Index), 10)
	number("due_ms", l.Due, true)
	number("sent_ms", l.Sent, true)
	b = strconv.AppendInt(append(b, `,"sent_unix_ns":`...), l.Wall, 10)
	number("late_ms", l.Late, true)
	number("ttft_ms", l.TTFT, false)
	number("e2el_ms", l.E2EL, false)
	number("in", float64(l.In), false)
	number("out", float64(l.Out), false)
	number("chunks", float64(l.Chunks), false)
	b = strconv.AppendBool(append(b, `,"structured":`...), l.Structured)
	if l.Verdict != "" {
		b = appendText(append(b, `,"verdict":`...), string(l.Verdict))
	}
	return append(appendText(append(b, `,"outcome":`...), l.Outcome), '}')
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
