package simulator

import (
	"encoding/json"
	"errors"
	"fmt"

	"assay/drivers/constraint"
)

// responseFormat is OpenAI's way to ask for JSON.
type responseFormat struct {
	Type       string `json:"type"` // text | json_object | json_schema
	JSONSchema struct {
		Schema json.RawMessage `json:"schema"`
	} `json:"json_schema"`
}

// structuredOutputs is vLLM's way to ask for a constraint.
type structuredOutputs struct {
	constraint.Constraint
	JSONObject bool `json:"json_object"`
}

var anyObject = json.RawMessage(`{"type":"object"}`)

// constraint returns the constraint of the output; nil without one. response_format takes precedence over
// structured_outputs, and that over the older guided_* fields.
func (r *request) constraint() (*constraint.Compiled, error) {
	c := constraint.Constraint{JSON: r.GuidedJSON, Regex: r.GuidedRegex, Grammar: r.GuidedGrammar, Choice: r.GuidedChoice}
	if given(r.StructuredOutputs) {
		var s structuredOutputs
		if err := json.Unmarshal(r.StructuredOutputs, &s); err != nil {
			return nil, fmt.Errorf("structured_outputs: %w", err)
		}
		if c = s.Constraint; s.JSONObject {
			c.JSON = anyObject
		}
		if none(c) {
			return nil, errors.New("structured_outputs names none of json, regex, grammar, choice, json_object")
		}
	}
	if f := r.ResponseFormat; f != nil {
		switch f.Type {
		case "text":
		case "json_object":
			c = constraint.Constraint{JSON: anyObject}
		case "json_schema":
			if c = (constraint.Constraint{JSON: f.JSONSchema.Schema}); none(c) {
				return nil, errors.New("response_format.json_schema.schema is missing")
			}
		default:
			return nil, fmt.Errorf("response_format.type %q is not one of text, json_object, json_schema", f.Type)
		}
	}
	if none(c) {
		return nil, nil
	}
	if !given(c.JSON) {
		c.JSON = nil
	} else if c.JSON[0] == '"' { // vLLM accepts the schema as a string too
		var s string
		if err := json.Unmarshal(c.JSON, &s); err != nil {
			return nil, err
		}
		c.JSON = json.RawMessage(s)
	}
	return constraint.Compile(c)
}

func none(c constraint.Constraint) bool {
	return !given(c.JSON) && c.Regex == "" && c.Grammar == "" && len(c.Choice) == 0
}

// given reports whether a field is set: some clients send null instead of leaving it out.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }
