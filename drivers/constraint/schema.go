package constraint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// tries is how often an output is generated until it passes the check: the generator ignores anchors in a regular
// expression, and a length together with a pattern.
const tries = 20

// schema is a JSON schema.
type schema struct {
	valid *jsonschema.Schema
	doc   any // the schema itself, for generating
}

func newSchema(raw json.RawMessage) (form, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("the JSON schema is not JSON: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{}) // references to other documents are errors: nothing is fetched
	if err := c.AddResource("schema.json", doc); err != nil {
		return nil, fmt.Errorf("the JSON schema: %w", err)
	}
	valid, err := c.Compile("schema.json")
	if err != nil {
		return nil, fmt.Errorf("the JSON schema: %w", err)
	}
	return &schema{valid, doc}, nil
}

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is outside the schema, and nothing is fetched", url)
}

func (s *schema) check(output string) error {
	d := json.NewDecoder(strings.NewReader(output))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the JSON value")
		}
	}
	if err != nil {
		cut := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
		return &Violation{Truncated: cut, Message: fmt.Sprintf("%.80q is not one JSON value: %v", output, err)}
	}
	if err := s.valid.Validate(v); err != nil {
		return &Violation{Message: fmt.Sprintf("it does not satisfy the schema: %v", flat(err))}
	}
	return nil
}

// flat is an error on one line.
func flat(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func (s *schema) generate(r *rand.Rand) (text string, err error) {
	for range tries {
		if text, err = s.draw(r); err == nil {
			return text, nil
		}
	}
	return "", err
}

func (s *schema) draw(r *rand.Rand) (string, error) {
	g := generator{root: s.doc, r: r}
	v, err := g.value(s.doc, 0)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("generating JSON: %w", err)
	}
	if err := s.check(string(b)); err != nil {
		return "", fmt.Errorf("no output was found for the schema; the last one tried: %w", err)
	}
	return string(b), nil
}
