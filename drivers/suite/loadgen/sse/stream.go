// Package sse reads the streamed answer of an OpenAI-compatible server: server-sent events, each with a completion
// chunk as JSON, up to [DONE].
//
// It is fed with pieces as they come from the network (Stream.Feed), cut anywhere, and keeps what a load generator
// needs: when each event with choices came, the text, the reason for the end, the usage. Nothing is allocated for an
// event once a Stream's buffers have grown, which is why both clients of package serving can share it: the one on
// net/http and the one on raw sockets (package wire).
package sse

import (
	"bytes"
	"fmt"
	"time"

	"assay/drivers/suite"
)

// MaxLine bounds one line of a stream, so that a server gone wild cannot take all memory.
const MaxLine = 8 << 20

// Answer is what a streamed completion gave. Times are moments of the caller's clock.
type Answer struct {
	Events     []time.Duration // arrival of each event with choices
	Text       []byte
	Finish     string
	Usage      bool // the server has told the tokens
	Prompt     int
	Completion int
}

// Stream is an answer as far as it has come. The zero value is the beginning of one.
type Stream struct {
	Answer
	Done  bool   // [DONE] was seen; what follows is ignored
	carry []byte // the beginning of a line that is not complete yet
	event Event
}

// Start makes s the beginning of another stream with room for so many events; its other buffers are used again.
func (s *Stream) Start(events int) {
	*s = Stream{carry: s.carry[:0], event: Event{scratch: s.event.scratch, last: s.event.last.forget()}, Answer: Answer{
		Events: make([]time.Duration, 0, events), Text: make([]byte, 0, 4*events),
	}}
}

// Feed takes the next piece, which came at the given moment: events that arrive together share it. After a failure
// the stream is of no more use.
func (s *Stream) Feed(piece []byte, at time.Duration) *suite.Failure {
	for !s.Done {
		i := bytes.IndexByte(piece, '\n')
		if i < 0 {
			if len(s.carry)+len(piece) > MaxLine {
				return &suite.Failure{Kind: "bad_event", Message: fmt.Sprintf("a line of the stream is longer than %d bytes", MaxLine)}
			}
			s.carry = append(s.carry, piece...)
			return nil
		}
		line := piece[:i]
		if len(s.carry) > 0 {
			s.carry = append(s.carry, line...)
			line = s.carry
		}
		if f := s.line(line, at); f != nil {
			return f
		}
		s.carry, piece = s.carry[:0], piece[i+1:]
	}
	return nil
}

// Verdict judges a stream that has ended: nil when it was a whole answer.
func (s *Stream) Verdict() *suite.Failure {
	switch {
	case !s.Done:
		return &suite.Failure{Kind: "truncated_stream", Message: fmt.Sprintf("the stream ended after %d events without [DONE]", len(s.Events))}
	case len(s.Events) == 0:
		return &suite.Failure{Kind: "no_output", Message: "the stream ended properly but held no completion"}
	case s.Usage && s.Completion == 0:
		return &suite.Failure{Kind: "no_tokens", Message: "the stream ended properly, and by the server's own count its completion has no token"}
	}
	return nil
}

// line takes one line of the stream: a data field, or something to skip (comments, other fields, empty lines). vLLM
// and its like put each event's data on one line.
func (s *Stream) line(line []byte, at time.Duration) *suite.Failure {
	line = bytes.TrimSuffix(line, []byte("\r"))
	data, ok := bytes.CutPrefix(line, []byte("data:"))
	if !ok {
		return nil
	}
	data = bytes.TrimPrefix(data, []byte(" "))
	if string(data) == "[DONE]" {
		s.Done = true
		return nil
	}
	e := &s.event
	if err := e.Scan(data); err != nil {
		return &suite.Failure{Kind: "bad_event", Message: fmt.Sprintf("an event is no completion chunk: %.200q", data)}
	}
	if e.Error != nil {
		return &suite.Failure{Kind: "error_event", Message: fmt.Sprintf("the server sent an error inside the stream: %.300s", e.Error)}
	}
	if e.Choices {
		s.Events = append(s.Events, at)
		s.Text = append(s.Text, e.Text...)
		if e.Finish != nil {
			s.Finish = reason(e.Finish)
		}
	}
	if e.Usage {
		s.Usage, s.Prompt, s.Completion = true, e.Prompt, e.Completion
	}
	return nil
}

// reason is b as a string; the usual ones cost no memory.
func reason(b []byte) string {
	switch string(b) {
	case "stop":
		return "stop"
	case "length":
		return "length"
	}
	return string(b)
}
