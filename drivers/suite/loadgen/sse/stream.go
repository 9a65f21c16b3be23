package sse

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"assay/drivers/suite"
)

// MaxLine bounds one line of a stream, in bytes, so that a faulty server cannot take all memory.
const MaxLine = 8 << 20

// Answer is the result of a streamed completion. Times are on the caller's clock.
type Answer struct {
	Events     []time.Duration // arrival of each event with choices
	Text       []byte
	Finish     string
	Model      string // that the events name; of several, the last
	Usage      bool   // the server has sent the numbers of tokens
	Prompt     int    // tokens
	Completion int    // tokens
	Reasoned   int    // tokens of the completion that are thoughts, where usage tells them apart
	Said       Said
}

// Said is when the events held something, and how much. An event with choices can be empty: the first one of a chat is.
type Said struct {
	First   time.Duration // arrival of the first event with an answer's text, a thought or a tool call; 0: none had any
	Thought time.Duration // of the first thought; 0: none
	Answer  time.Duration // of the first event with an answer's text or a tool call; 0: none
	Last    time.Duration // of the last event with any of them
	Events  int           // with any of them
	Hidden  int           // bytes of thoughts and tool calls, which Text does not hold
}

// Earlier is the same on a clock that is so far behind.
func (s Said) Earlier(by time.Duration) Said {
	for _, t := range []*time.Duration{&s.First, &s.Thought, &s.Answer, &s.Last} {
		if *t != 0 {
			*t -= by
		}
	}
	return s
}

// Stream is an answer as far as it has been received. The zero value is the beginning of one.
type Stream struct {
	Answer
	Done  bool   // [DONE] was seen; what follows is ignored
	carry []byte // the beginning of a line that is not complete yet
	event Event
	model string // of the last stream, which that of this one mostly is
}

// Start makes s the beginning of another stream, with room for so many events. It reuses the buffers of the last one, whose
// answer must not be used any more.
func (s *Stream) Start(events int) {
	*s = Stream{carry: s.carry[:0], model: s.model, event: Event{scratch: s.event.scratch, last: s.event.last.forget()}, Answer: Answer{
		Events: slices.Grow(s.Events[:0], events), Text: slices.Grow(s.Text[:0], 4*events),
	}}
}

// Feed takes the next piece, cut anywhere, and the time of its arrival, which its events share. After a failure the stream
// cannot be used any more.
func (s *Stream) Feed(piece []byte, at time.Duration) *suite.Failure {
	for !s.Done {
		if len(s.carry) == 0 {
			if text, n, ok := s.event.last.line(piece); ok {
				s.like(text, at)
				piece = piece[n:]
				continue
			}
		}
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

// Verdict judges a stream that has ended: nil for a whole answer, else a failure of kind truncated_stream, no_output or
// no_tokens.
func (s *Stream) Verdict() *suite.Failure {
	switch {
	case !s.Done:
		return &suite.Failure{Kind: "truncated_stream", Message: fmt.Sprintf("the stream ended after %d events without [DONE]", len(s.Events))}
	case len(s.Events) == 0:
		return &suite.Failure{Kind: "no_output", Message: "the stream ended properly but held no completion"}
	case s.Usage && s.Completion == 0:
		return &suite.Failure{Kind: "no_tokens", Message: "the stream ended properly, but the server counts no token in its completion"}
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
		return &suite.Failure{Kind: "bad_event", Message: fmt.Sprintf("an event is not a completion chunk: %.200q", data)}
	}
	if e.Error != nil {
		return &suite.Failure{Kind: "error_event", Message: fmt.Sprintf("the server sent an error inside the stream: %.300s", e.Error)}
	}
	if e.Choices {
		s.Events = append(s.Events, at)
		s.Text = append(s.Text, e.Text...)
		s.said(e, at)
		if e.Finish != nil {
			s.Finish = reason(e.Finish)
		}
	}
	if e.Usage {
		s.Usage, s.Prompt, s.Completion, s.Reasoned = true, e.Prompt, e.Completion, e.Reasoned
	}
	return nil
}

// like takes an event that differs from the last one in its text only.
func (s *Stream) like(text []byte, at time.Duration) {
	s.Events = append(s.Events, at)
	e := &s.event
	if e.last.thought {
		e.Text, e.Thought = nil, text
	} else {
		e.Text, e.Thought = text, nil
		s.Text = append(s.Text, text...)
	}
	e.Tools, e.Model = nil, nil
	s.said(e, at)
}

// said notes what an event with choices holds.
func (s *Stream) said(e *Event, at time.Duration) {
	if e.Model != nil {
		if string(e.Model) != s.model {
			s.model = string(e.Model)
		}
		s.Model = s.model
	}
	answer, said := len(e.Text) > 0 || e.Tools != nil, &s.Said
	if !answer && len(e.Thought) == 0 {
		return
	}
	if said.Events++; said.Events == 1 {
		said.First = at
	}
	said.Last = at
	if len(e.Thought) > 0 && said.Thought == 0 {
		said.Thought = at
	}
	if answer && said.Answer == 0 {
		said.Answer = at
	}
	said.Hidden += len(e.Thought) + len(e.Tools)
}

// reason is b as a string, without an allocation for the usual ones.
func reason(b []byte) string {
	switch string(b) {
	case "stop":
		return "stop"
	case "length":
		return "length"
	}
	return string(b)
}
