package constraint

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// parseGrammar reads GBNF ("root ::= …") and Lark ("start: …", "?rule: …"). The root is the rule root or start, else the first one.
func parseGrammar(source string) (*grammar, error) {
	p := &ebnf{src: []rune(source), g: &grammar{rules: map[string][][]symbol{}}}
	for p.skip(true); p.pos < len(p.src); p.skip(true) {
		if err := p.rule(); err != nil {
			return nil, fmt.Errorf("line %d: %w", 1+strings.Count(string(p.src[:min(p.pos, len(p.src))]), "\n"), err)
		}
	}
	for _, name := range []string{"start", "root"} {
		if p.g.rules[name] != nil {
			p.g.root = name
		}
	}
	if p.g.root == "" {
		return nil, errors.New("it holds no rule")
	}
	return p.g, nil
}

type ebnf struct {
	src  []rune
	pos  int
	g    *grammar
	made int // rules made for groups and repetitions
}

// skip passes over blanks and comments, and over line ends when lines is set.
func (p *ebnf) skip(lines bool) {
	for p.pos < len(p.src) {
		switch r := p.src[p.pos]; {
		case r == '#' || r == '/' && p.ahead("//"):
			for p.pos < len(p.src) && p.src[p.pos] != '\n' {
				p.pos++
			}
		case unicode.IsSpace(r) && (lines || r != '\n'):
			p.pos++
		default:
			return
		}
	}
}

func (p *ebnf) ahead(s string) bool {
	return p.pos+len(s) <= len(p.src) && string(p.src[p.pos:p.pos+len(s)]) == s
}

func (p *ebnf) take(s string) bool {
	if !p.ahead(s) {
		return false
	}
	p.pos += len(s)
	return true
}

func (p *ebnf) name() string {
	from := p.pos
	for p.pos < len(p.src) && (unicode.IsLetter(p.src[p.pos]) || unicode.IsDigit(p.src[p.pos]) || strings.ContainsRune("_-", p.src[p.pos])) {
		p.pos++
	}
	return string(p.src[from:p.pos])
}

// rule reads one definition.
func (p *ebnf) rule() error {
	for p.take("?") || p.take("!") { // Lark's tree shaping: nothing to membership
	}
	name := p.name()
	if name == "" {
		return fmt.Errorf("a rule name was expected, not %q", string(p.src[p.pos]))
	}
	p.skip(false)
	if !p.take("::=") && !p.take(":") && !p.take("=") {
		return fmt.Errorf("rule %s: ::= or : was expected", name)
	}
	alts, err := p.alternatives(name)
	if err != nil {
		return err
	}
	if p.g.rules[name] != nil {
		return fmt.Errorf("rule %s is defined twice", name)
	}
	p.g.rules[name] = alts
	if p.g.root == "" {
		p.g.root = name
	}
	return nil
}

// alternatives reads a | b | c up to the end of the rule or of the group.
func (p *ebnf) alternatives(rule string) ([][]symbol, error) {
	var out [][]symbol
	for {
		seq, err := p.sequence(rule)
		if err != nil {
			return nil, err
		}
		out = append(out, seq)
		if p.skipToBar(); !p.take("|") {
			return out, nil
		}
	}
}

// skipToBar passes over line ends only when the next line goes on with an alternative.
func (p *ebnf) skipToBar() {
	from := p.pos
	if p.skip(true); !p.ahead("|") {
		p.pos = from
	}
}

func (p *ebnf) sequence(rule string) ([]symbol, error) {
	seq := []symbol{}
	for {
		p.skip(false)
		if p.pos >= len(p.src) || strings.ContainsRune("|)\n];", p.src[p.pos]) {
			_ = p.take(";")
			return seq, nil
		}
		s, err := p.term(rule)
		if err != nil {
			return nil, err
		}
		seq = append(seq, p.repeated(s)...)
	}
}

// term reads a literal, a class, a group or a name.
func (p *ebnf) term(rule string) ([]symbol, error) {
	switch r := p.src[p.pos]; {
	case r == '"' || r == '\'':
		return p.literal(r)
	case r == '[':
		return p.class()
	case r == '(':
		p.pos++
		alts, err := p.alternatives(rule)
		if err != nil {
			return nil, err
		}
		if p.skip(true); !p.take(")") {
			return nil, fmt.Errorf("rule %s: a group is not closed", rule)
		}
		return []symbol{{rule: p.make(alts)}}, nil
	}
	if name := p.name(); name != "" {
		return []symbol{{rule: name}}, nil
	}
	return nil, fmt.Errorf("rule %s: %q is not understood here", rule, string(p.src[p.pos]))
}

// make gives alternatives a rule of their own.
func (p *ebnf) make(alts [][]symbol) string {
	p.made++
	name := fmt.Sprintf("(%d)", p.made) // no name that a grammar can hold
	p.g.rules[name] = alts
	return name
}

// repeated applies ?, * and + to what was just read.
func (p *ebnf) repeated(s []symbol) []symbol {
	if p.pos >= len(p.src) {
		return s
	}
	switch p.src[p.pos] {
	case '?':
		p.pos++
		return []symbol{{rule: p.make([][]symbol{s, {}})}}
	case '*', '+':
		op := p.src[p.pos]
		p.pos++
		name := p.make(nil)
		again := append(append([]symbol{}, s...), symbol{rule: name})
		p.g.rules[name] = [][]symbol{again, {}}
		if op == '*' {
			return []symbol{{rule: name}}
		}
		return append(append([]symbol{}, s...), symbol{rule: name})
	}
	return s
}

// literal reads a quoted string; each rune becomes a terminal.
func (p *ebnf) literal(quote rune) ([]symbol, error) {
	p.pos++
	seq := []symbol{}
	for p.pos < len(p.src) && p.src[p.pos] != quote {
		r, err := p.escaped()
		if err != nil {
			return nil, err
		}
		seq = append(seq, symbol{set: &runeSet{ranges: []rune{r, r}}})
	}
	if p.pos >= len(p.src) {
		return nil, errors.New("a quoted string is not closed")
	}
	p.pos++
	return seq, nil
}

// class reads [a-z_] and [^"].
func (p *ebnf) class() ([]symbol, error) {
	p.pos++
	set := &runeSet{not: p.take("^")}
	for p.pos < len(p.src) && p.src[p.pos] != ']' {
		low, err := p.escaped()
		if err != nil {
			return nil, err
		}
		high := low
		if p.ahead("-") && p.pos+1 < len(p.src) && p.src[p.pos+1] != ']' {
			p.pos++
			if high, err = p.escaped(); err != nil {
				return nil, err
			}
		}
		set.ranges = append(set.ranges, low, high)
	}
	if p.pos >= len(p.src) || len(set.ranges) == 0 {
		return nil, errors.New("a character class is not closed, or empty")
	}
	p.pos++
	return []symbol{{set: set}}, nil
}

// escaped reads one rune, with the usual escapes.
func (p *ebnf) escaped() (rune, error) {
	r := p.src[p.pos]
	p.pos++
	if r != '\\' {
		return r, nil
	}
	if p.pos >= len(p.src) {
		return 0, errors.New("an escape is cut short")
	}
	r = p.src[p.pos]
	p.pos++
	switch r {
	case 'n':
		return '\n', nil
	case 't':
		return '\t', nil
	case 'r':
		return '\r', nil
	case 'x', 'u':
		digits := map[rune]int{'x': 2, 'u': 4}[r]
		if p.pos+digits > len(p.src) {
			return 0, errors.New("an escape is cut short")
		}
		n, err := strconv.ParseUint(string(p.src[p.pos:p.pos+digits]), 16, 32)
		p.pos += digits
		if err != nil {
			return 0, fmt.Errorf("an escape is not hexadecimal: %w", err)
		}
		return rune(n), nil
	}
	return r, nil
}
