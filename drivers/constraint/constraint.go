// Package constraint implements the constraints of structured output: a JSON schema, a regular expression, a grammar or a
// choice.
//
// The simulator generates outputs that satisfy a constraint (Compiled.Generate), and the serving suite scores outputs
// against it (Compiled.Check). Both share the parsed form and nothing else, so that a fault of one shows in the other.
//
// A regular expression has to match the whole output; it is written in Go's syntax, which is Python's but for look-around
// and back-references. A grammar is EBNF, either in the form of GBNF (root ::= "SELECT " column) or in that of Lark
// (start: "SELECT " column, with /regular expressions/ as terminals): literals, alternatives, groups, classes such as
// [^a-z], and ? * + {m,n}; Lark's directives (%ignore) are refused. Membership is decided by an Earley parser, which
// handles left recursion and ambiguity. A JSON schema is checked in full; formats are annotations, as the standard
// has it. The generator supports the keywords that structured output uses and refuses the others by name.
//
//	constraint.go                       the four forms, and choices
//	regex.go   schema.go                check and, for regular expressions, generate
//	ebnf.go    terminal.go   grammar.go  a grammar as rules, and outputs from them    earley.go  membership
//	generate.go   generatetext.go        values for a JSON schema
//
// Dependency: github.com/santhosh-tekuri/jsonschema/v6 validates JSON Schema (2020-12 by default) in full.
package constraint

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Constraint declares one of four forms; exactly one is set.
type Constraint struct {
	JSON    json.RawMessage `json:"json,omitempty"` // a JSON schema
	Regex   string          `json:"regex,omitempty"`
	Grammar string          `json:"grammar,omitempty"`
	Choice  []string        `json:"choice,omitempty"`
}

// Violation says why an output does not satisfy a constraint. Truncated means that the output is perhaps the
// beginning of one that does: it was cut, not wrong.
type Violation struct {
	Truncated bool
	Message   string
}

func (v *Violation) Error() string { return v.Message }

// form is one of the four kinds, parsed.
type form interface {
	check(output string) error
	generate(r *rand.Rand) (string, error)
}

// Compiled is a parsed constraint. It is safe for concurrent use.
type Compiled struct{ form }

// Compile parses a constraint; its error says what is wrong with it.
func Compile(c Constraint) (*Compiled, error) {
	var forms []form
	var errs []error
	add := func(f form, err error) {
		forms, errs = append(forms, f), append(errs, err)
	}
	if len(c.JSON) > 0 {
		add(newSchema(c.JSON))
	}
	if c.Regex != "" {
		add(newRegex(c.Regex))
	}
	if c.Grammar != "" {
		add(newGrammar(c.Grammar))
	}
	if len(c.Choice) > 0 {
		add(choice(c.Choice), nil)
	}
	if len(forms) != 1 {
		return nil, fmt.Errorf("a constraint names %d of json, regex, grammar, choice; it must name exactly one", len(forms))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Compiled{forms[0]}, nil
}

// Check returns nil when the whole output satisfies the constraint, else a *Violation.
func (c *Compiled) Check(output string) error { return c.check(output) }

// Generate returns a random output that satisfies the constraint, or an error when the constraint uses something that
// can be checked but not generated.
func (c *Compiled) Generate(r *rand.Rand) (string, error) { return c.generate(r) }

// choice is a list of the only outputs allowed.
type choice []string

func (c choice) check(output string) error {
	if slices.Contains(c, output) {
		return nil
	}
	cut := slices.ContainsFunc(c, func(s string) bool { return strings.HasPrefix(s, output) })
	return &Violation{Truncated: cut, Message: fmt.Sprintf("%.80q is not one of the %d choices", output, len(c))}
}

func (c choice) generate(r *rand.Rand) (string, error) { return c[r.IntN(len(c))], nil }
