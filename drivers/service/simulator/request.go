package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"assay/drivers/constraint"
)

// maxBody bounds a request.
const maxBody = 16 << 20

// request is the part of a completion request that changes the answer. Like vLLM, everything else is ignored.
type request struct {
	Model         string          `json:"model"`
	Prompt        json.RawMessage `json:"prompt"`
	Messages      []message       `json:"messages"`
	Stream        bool            `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	MaxTokens           *int `json:"max_tokens"`
	MaxCompletionTokens *int `json:"max_completion_tokens"`
	MinTokens           int  `json:"min_tokens"`
	IgnoreEOS           bool `json:"ignore_eos"`

	StructuredOutputs *constraint.Constraint `json:"structured_outputs"`
	GuidedJSON        json.RawMessage        `json:"guided_json"`
	GuidedRegex       string                 `json:"guided_regex"`
	GuidedGrammar     string                 `json:"guided_grammar"`
	GuidedChoice      []string               `json:"guided_choice"`
	ResponseFormat    *struct {
		Type       string `json:"type"`
		JSONSchema struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
}

type message struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

// text is the prompt as one string.
func (r *request) text() string {
	var b strings.Builder
	add := func(raw json.RawMessage) {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			b.WriteString(s)
			return
		}
		b.Write(raw) // token ids, parts: their text stands for them
	}
	if len(r.Prompt) > 0 {
		add(r.Prompt)
	}
	for _, m := range r.Messages {
		b.WriteString(m.Role + ": ")
		add(m.Content)
		b.WriteByte('\n')
	}
	return b.String()
}

// limit is how many tokens may come out.
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
	if n < 1 {
		return 0, fmt.Errorf("max_tokens must be at least 1, got %d", n)
	}
	return n, nil
}

// constraint returns what the output has to satisfy; nil when nothing.
func (r *request) constraint() (*constraint.Compiled, error) {
	c := constraint.Constraint{JSON: r.GuidedJSON, Regex: r.GuidedRegex, Grammar: r.GuidedGrammar, Choice: r.GuidedChoice}
	if r.StructuredOutputs != nil {
		c = *r.StructuredOutputs
	}
	if f := r.ResponseFormat; f != nil {
		switch f.Type {
		case "json_schema":
			c = constraint.Constraint{JSON: f.JSONSchema.Schema}
			if len(c.JSON) == 0 {
				return nil, errors.New("response_format.json_schema.schema is missing")
			}
		case "json_object":
			c = constraint.Constraint{JSON: json.RawMessage(`{"type":"object"}`)}
		}
	}
	if len(c.JSON) == 0 && c.Regex == "" && c.Grammar == "" && len(c.Choice) == 0 {
		if r.StructuredOutputs != nil {
			return nil, errors.New("structured_outputs names none of json, regex, grammar, choice")
		}
		return nil, nil
	}
	if len(c.JSON) > 0 && c.JSON[0] == '"' { // vLLM accepts the schema as a string too
		var s string
		if err := json.Unmarshal(c.JSON, &s); err != nil {
			return nil, err
		}
		c.JSON = json.RawMessage(s)
	}
	return constraint.Compile(c)
}
