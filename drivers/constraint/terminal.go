package constraint

import (
	"cmp"
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// literal reads a quoted string; each rune becomes a terminal.
func (p *ebnf) literal(quote rune) ([]symbol, error) {
	p.pos++
	seq := []symbol{}
	for p.pos < len(p.src) && p.src[p.pos] != quote {
		r, err := p.escaped()
		if err != nil {
			return nil, err
		}
		seq = append(seq, symbol{set: runeSet{r, r}})
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
	not := p.take("^")
	var set runeSet
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
		if high < low {
			return nil, fmt.Errorf("the range %c-%c of a character class is the wrong way round", low, high)
		}
		set = append(set, low, high)
	}
	if p.pos >= len(p.src) {
		return nil, errors.New("a character class is not closed")
	}
	p.pos++
	if not {
		set = complement(set)
	}
	if len(set) == 0 {
		return nil, errors.New("a character class holds no character")
	}
	return []symbol{{set: set}}, nil
}

// complement is every other rune, except surrogates, which are not characters.
func complement(s runeSet) runeSet {
	var pairs [][2]rune
	for i := 0; i < len(s); i += 2 {
		pairs = append(pairs, [2]rune{s[i], s[i+1]})
	}
	pairs = append(pairs, [2]rune{0xD800, 0xDFFF})
	slices.SortFunc(pairs, func(a, b [2]rune) int { return cmp.Compare(a[0], b[0]) })
	var out runeSet
	from := rune(0)
	for _, pair := range pairs {
		if from < pair[0] {
			out = append(out, from, pair[0]-1)
		}
		from = max(from, pair[1]+1)
	}
	if from <= unicode.MaxRune {
		out = append(out, from, unicode.MaxRune)
	}
	return out
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
	case 'x':
		return p.hex(2)
	case 'u':
		return p.hex(4)
	case 'U':
		return p.hex(8)
	}
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return 0, fmt.Errorf(`the escape \%c is not known; for classes of characters write [0-9], [a-zA-Z] …`, r)
	}
	return r, nil
}

func (p *ebnf) hex(digits int) (rune, error) {
	if p.pos+digits > len(p.src) {
		return 0, errors.New("an escape is cut short")
	}
	text := string(p.src[p.pos : p.pos+digits])
	p.pos += digits
	n, err := strconv.ParseUint(text, 16, 32)
	if err != nil || n > unicode.MaxRune || 0xD800 <= n && n <= 0xDFFF {
		return 0, fmt.Errorf("the escape %q is not a character", text)
	}
	return rune(n), nil
}

// pattern reads Lark's /regular expression/ with its flags; it becomes rules like everything else.
func (p *ebnf) pattern() ([]symbol, error) {
	p.pos++
	from := p.pos
	for p.pos < len(p.src) && p.src[p.pos] != '/' && p.src[p.pos] != '\n' {
		if p.src[p.pos] == '\\' {
			p.pos++
		}
		p.pos++
	}
	if p.pos >= len(p.src) || p.src[p.pos] != '/' {
		return nil, errors.New("a regular expression is not closed")
	}
	source := strings.ReplaceAll(string(p.src[from:p.pos]), `\/`, "/")
	p.pos++
	if flags := p.name(); flags != "" {
		source = "(?" + flags + ":" + source + ")"
	}
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the regular expression /%s/: %w", source, err)
	}
	return p.tree(tree)
}

// tree turns a regular expression into symbols.
func (p *ebnf) tree(t *syntax.Regexp) ([]symbol, error) {
	switch t.Op {
	case syntax.OpEmptyMatch:
		return nil, nil
	case syntax.OpLiteral:
		return letters(t), nil
	case syntax.OpCharClass:
		return []symbol{{set: t.Rune}}, nil
	case syntax.OpAnyChar:
		return []symbol{{set: complement(nil)}}, nil
	case syntax.OpAnyCharNotNL:
		return []symbol{{set: complement(runeSet{'\n', '\n'})}}, nil
	}
	var subs [][]symbol
	for _, sub := range t.Sub {
		s, err := p.tree(sub)
		if err != nil {
			return nil, err
		}
		subs = append(subs, s)
	}
	switch t.Op {
	case syntax.OpCapture, syntax.OpConcat:
		return slices.Concat(subs...), nil
	case syntax.OpAlternate:
		return []symbol{{rule: p.make("a pattern", subs)}}, nil
	case syntax.OpStar:
		return p.times(subs[0], 0, -1), nil
	case syntax.OpPlus:
		return p.times(subs[0], 1, -1), nil
	case syntax.OpQuest:
		return p.times(subs[0], 0, 1), nil
	case syntax.OpRepeat:
		return p.times(subs[0], t.Min, t.Max), nil
	}
	return nil, fmt.Errorf("the regular expression holds %s, which a grammar cannot express", t)
}

// letters are the runes of a literal, in both cases when it ignores case.
func letters(t *syntax.Regexp) []symbol {
	var out []symbol
	for _, r := range t.Rune {
		set := runeSet{r, r}
		if t.Flags&syntax.FoldCase != 0 {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				set = append(set, f, f)
			}
		}
		out = append(out, symbol{set: set})
	}
	return out
}
