package serving

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"assay/drivers/suite"
)

// maxLine bounds one line of a stream, so that a server gone wild cannot take all memory.
const maxLine = 8 << 20

// answer is what one streamed completion gave. Times are moments of the run's clock.
type answer struct {
	events     []time.Duration // arrival of each event with choices
	text       []byte
	finish     string
	usage      bool
	prompt     int
	completion int
}

// readStream reads server-sent events up to [DONE]. Now is asked once per read, right after it: events that arrive
// together share their time. A stream that ends without [DONE] is a failure, whatever it carried before.
func readStream(r io.Reader, buf []byte, now func() time.Duration) (answer, *suite.Failure) {
	var a answer
	have := 0 // bytes of an unfinished line at the front of buf
	for {
		if have == len(buf) {
			if len(buf) >= maxLine {
				return a, &suite.Failure{Kind: "bad_event", Message: fmt.Sprintf("a line of the stream is longer than %d bytes", maxLine)}
			}
			buf = append(buf, make([]byte, len(buf))...)
		}
		n, err := r.Read(buf[have:])
		at := now()
		scanned := have // no line end lies before
		have += n
		rest := buf[:have]
		for {
			i := bytes.IndexByte(rest[scanned:], '\n')
			if i < 0 {
				break
			}
			line := bytes.TrimSuffix(rest[:scanned+i], []byte("\r"))
			rest, scanned = rest[scanned+i+1:], 0
			if done, f := a.line(line, at); done || f != nil {
				return a, f
			}
		}
		have = copy(buf, rest)
		if err == io.EOF {
			return a, &suite.Failure{Kind: "truncated_stream", Message: fmt.Sprintf(
				"the stream ended after %d events without [DONE]", len(a.events))}
		}
		if err != nil {
			return a, suite.Failed(err)
		}
	}
}

// line takes one line of the stream: a data field, or something to skip (comments, other fields, empty lines). vLLM
// and its like put each event's data on one line.
func (a *answer) line(line []byte, at time.Duration) (done bool, f *suite.Failure) {
	data, ok := bytes.CutPrefix(line, []byte("data:"))
	if !ok {
		return false, nil
	}
	data = bytes.TrimPrefix(data, []byte(" "))
	if string(data) == "[DONE]" {
		return true, nil
	}
	e, err := scanEvent(data)
	if err != nil {
		return false, &suite.Failure{Kind: "bad_event", Message: fmt.Sprintf("an event is no completion chunk: %.200q", data)}
	}
	if e.errorMessage != nil {
		return false, &suite.Failure{Kind: "error_event", Message: fmt.Sprintf("the server sent an error inside the stream: %.300s", e.errorMessage)}
	}
	if e.choices {
		a.events = append(a.events, at)
		a.text = append(a.text, e.text...)
		if e.finish != nil {
			a.finish = string(e.finish)
		}
	}
	if e.usage {
		a.usage, a.prompt, a.completion = true, e.prompt, e.completion
	}
	return false, nil
}
