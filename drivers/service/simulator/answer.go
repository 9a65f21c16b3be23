package simulator

import "strings"

// api tells the two kinds of completion apart.
type api struct {
	object, chunk, prefix string
	chat                  bool
}

var (
	completions = api{object: "text_completion", chunk: "text_completion", prefix: "cmpl"}
	chat        = api{object: "chat.completion", chunk: "chat.completion.chunk", prefix: "chatcmpl", chat: true}
)

// envelope is an answer, or one event of a streamed one.
type envelope struct {
	ID      string   `json:"id"`
	Object  string   `json:"object"`
	Created int64    `json:"created"` // Unix seconds
	Model   string   `json:"model"`
	Choices []choice `json:"choices"`
	Usage   *usage   `json:"usage,omitempty"`
}

// choice holds Text for completions, Message or (streamed) Delta for chat.
type choice struct {
	Index        int     `json:"index"`
	Text         *string `json:"text,omitempty"`
	Message      *turn   `json:"message,omitempty"`
	Delta        *turn   `json:"delta,omitempty"`
	Logprobs     *string `json:"logprobs"`      // always null
	FinishReason *string `json:"finish_reason"` // null until the last token
}

// turn is a message of a chat.
type turn struct {
	Role    string `json:"role,omitempty"`
	Content string `json:"content"`
}

type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

func (j *job) envelope(object string, choices ...choice) envelope {
	if choices == nil {
		choices = []choice{} // an empty list, not null
	}
	return envelope{ID: j.id, Object: object, Created: j.t.came.Unix(), Model: j.s.c.Model, Choices: choices}
}

func (j *job) usage() *usage {
	n := len(j.out.chunks)
	return &usage{j.prompt, n, j.prompt + n}
}

// chunk is the event of one token. The first one of a chat has the role, the last one the finish reason.
func (j *job) chunk(i int) envelope {
	var c choice
	if i == len(j.out.chunks)-1 {
		c.FinishReason = &j.out.finish
	}
	switch {
	case !j.api.chat:
		c.Text = &j.out.chunks[i]
	case i == 0:
		c.Delta = &turn{Role: "assistant", Content: j.out.chunks[i]}
	default:
		c.Delta = &turn{Content: j.out.chunks[i]}
	}
	return j.envelope(j.api.chunk, c)
}

// whole is the answer to a request that did not ask for a stream.
func (j *job) whole() envelope {
	text := strings.Join(j.out.chunks, "")
	c := choice{FinishReason: &j.out.finish}
	if j.api.chat {
		c.Message = &turn{Role: "assistant", Content: text}
	} else {
		c.Text = &text
	}
	e := j.envelope(j.api.object, c)
	e.Usage = j.usage()
	return e
}
