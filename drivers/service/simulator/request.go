package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxBody bounds a request, in bytes.
const maxBody = 16 << 20

// request is the part of a completion request that changes the answer. Like vLLM, it ignores all other fields.
type request struct {
	Model         string          `json:"model"`
	Prompt        json.RawMessage `json:"prompt"`
	Messages      []message       `json:"messages"`
	Stream        bool            `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	N                   int   `json:"n"`
	Seed                int64 `json:"seed"`
	MaxTokens           *int  `json:"max_tokens"`
	MaxCompletionTokens *int  `json:"max_completion_tokens"`
	MinTokens           int   `json:"min_tokens"`
	IgnoreEOS           bool  `json:"ignore_eos"`

	StructuredOutputs json.RawMessage `json:"structured_outputs"`
	GuidedJSON        json.RawMessage `json:"guided_json"`
	GuidedRegex       string          `json:"guided_regex"`
	GuidedGrammar     string          `json:"guided_grammar"`
	GuidedChoice      []string        `json:"guided_choice"`
	ResponseFormat    *responseFormat `json:"response_format"`
}

type message struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

// text is the prompt as one string, and its length in tokens.
func (r *request) text(chat bool) (text string, n int, err error) {
	switch {
	case r.N > 1:
		return "", 0, fmt.Errorf("the simulator gives one answer to a request, not n: %d", r.N)
	case chat:
		text, err = r.conversation()
		return text, tokens(text) + templateTokens, err
	case len(r.Prompt) == 0 || string(r.Prompt) == "null":
		return "", 0, errors.New("prompt is required")
	}
	if json.Unmarshal(r.Prompt, &text) == nil {
		return text, tokens(text), nil
	}
	var ids []int
	if json.Unmarshal(r.Prompt, &ids) == nil && len(ids) > 0 {
		return string(r.Prompt), len(ids), nil
	}
	var list []string
	if json.Unmarshal(r.Prompt, &list) == nil && len(list) == 1 {
		return list[0], tokens(list[0]), nil
	}
	return "", 0, errors.New("prompt must be a text or a list of token ids; the simulator answers one prompt a request")
}

// conversation is the messages as one text.
func (r *request) conversation() (string, error) {
	if len(r.Messages) == 0 {
		return "", errors.New("messages is required, with one message at least")
	}
	var b strings.Builder
	for i, m := range r.Messages {
		var text string
		var parts []struct{ Type, Text string }
		if json.Unmarshal(m.Content, &text) != nil {
			if err := json.Unmarshal(m.Content, &parts); err != nil {
				return "", fmt.Errorf("messages[%d].content must be a text or a list of parts", i)
			}
		}
		for _, p := range parts {
			if p.Type != "text" {
				return "", fmt.Errorf("messages[%d].content holds a part of type %q; the simulator reads text only", i, p.Type)
			}
			text += p.Text
		}
		b.WriteString(m.Role + ": " + text + "\n")
	}
	return b.String(), nil
}

// limit is the largest number of tokens of the answer.
func (r *request) limit(chat bool) (int, error) {
	n := 16 // OpenAI's default for completions
	if chat {
		n = 1024
	}
	for _, given := range []*int{r.MaxTokens, r.MaxCompletionTokens} {
		if given != nil {
			n = *given
		}
	}
	if n < 1 || n > maxTokens {
		return 0, fmt.Errorf("max_tokens must be at least 1 and at most %d, got %d", maxTokens, n)
	}
	if r.MinTokens < 0 || r.MinTokens > n {
		return 0, fmt.Errorf("min_tokens must be at least 0 and at most max_tokens, %d, got %d", n, r.MinTokens)
	}
	return n, nil
}
