package serving

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers/constraint"
)

// dialect is the way in which a server takes a constraint.
type dialect string

const (
	structuredOutputs dialect = "structured_outputs" // vLLM today
	guided            dialect = "guided"             // vLLM before 0.12: top-level guided_json, guided_regex …
	responseFormat    dialect = "response_format"    // OpenAI's, JSON schemas only
	llamaCpp          dialect = "json_schema"        // llama.cpp's: json_schema, or grammar in its own notation
)

// fields are the members of the payload that ask for a constraint; nil when the dialect has no field for it.
func (d dialect) fields(c constraint.Constraint) map[string]any {
	kind, value := "", any(nil)
	switch {
	case c.JSON != nil:
		kind, value = "json", c.JSON
	case c.Regex != "":
		kind, value = "regex", c.Regex
	case c.Grammar != "":
		kind, value = "grammar", c.Grammar
	default:
		kind, value = "choice", c.Choice
	}
	switch {
	case d == structuredOutputs:
		return map[string]any{"structured_outputs": map[string]any{kind: value}}
	case d == guided:
		return map[string]any{"guided_" + kind: value}
	case d == responseFormat && kind == "json":
		return map[string]any{"response_format": map[string]any{
			"type": "json_schema", "json_schema": map[string]any{"name": "answer", "schema": c.JSON},
		}}
	case d == llamaCpp && kind == "json":
		return map[string]any{"json_schema": c.JSON}
	case d == llamaCpp && kind == "grammar":
		return map[string]any{"grammar": c.Grammar}
	case d == llamaCpp && kind == "choice":
		var words []string
		for _, w := range c.Choice {
			words = append(words, strconv.Quote(w))
		}
		return map[string]any{"grammar": "root ::= " + strings.Join(words, " | ")}
	}
	return nil
}

// payload is the body of one request.
type payload struct {
	model     string
	chat      bool
	maxTokens int
	dialect   dialect
	ignoreEOS bool
	limit     string         // the member that bounds the answer; empty: max_tokens
	extra     map[string]any // the same for every request: sampling, and what the manifest adds
	frames    *frames        // of bodies that differ in their prompt alone; nil: each is made anew
}

// newPayload is that of a manifest.
func newPayload(model string, v *v1alpha1.Serving) payload {
	p := payload{model: model, chat: v.API == "chat", maxTokens: v.OutputTokens, ignoreEOS: v.IgnoreEOS != nil && *v.IgnoreEOS,
		limit: v.MaxTokensField, extra: v.Sampling.Fields(), frames: &frames{}}
	if v.Sampling == nil || !v.Sampling.Server {
		p.extra["temperature"] = v.Temperature
	}
	maps.Copy(p.extra, v.ExtraBody)
	return p
}

// described is what every request asks for besides its prompt and its length, as JSON.
func (p payload) described() string {
	b, err := json.Marshal(p.extra)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func (p payload) path() string {
	if p.chat {
		return "/v1/chat/completions"
	}
	return "/v1/completions"
}

// body asks for a streamed answer to q with usage at the end, under constraint c unless that is nil.
func (p payload) body(q question, c *constraint.Constraint) ([]byte, error) {
	if p.frames != nil && !p.chat && (c == nil || len(p.dialect.fields(*c)) == 0) {
		return p.framed(q.text())
	}
	return p.whole(q, c)
}

// whole is body, made from its members.
func (p payload) whole(q question, c *constraint.Constraint) ([]byte, error) {
	m := map[string]any{
		"model": p.model, cmp.Or(p.limit, "max_tokens"): p.maxTokens, "stream": true,
		"stream_options": map[string]bool{"include_usage": true},
	}
	maps.Copy(m, p.extra)
	if p.ignoreEOS {
		m["ignore_eos"] = true
	}
	if p.chat {
		m["messages"] = q.turns
	} else {
		m["prompt"] = q.text()
	}
	if c != nil {
		for k, v := range p.dialect.fields(*c) {
			m[k] = v
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encoding a request: %w", err)
	}
	return b, nil
}
