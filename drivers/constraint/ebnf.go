package constraint

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Bounds of the grammars that are parsed: groups inside groups, the largest number in {m,n} (as in regular
// expressions), characters, and rules, groups and repetitions included.
const (
	maxNested = 100
	maxTimes  = 1000
	maxSource = 64 << 10
	maxRules  = 20_000
)

// parseGrammar reads GBNF ("root ::= …") and Lark ("start: …", "?rule: …"). The root is the rule root or start, else
// the first one.
func parseGrammar(source string) (*grammar, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("it is longer than %d bytes", maxSource)
	}
	p := &ebnf{src: []rune(source), g: &grammar{}, index: map[string]int{}}
	for p.skip(true); p.pos < len(p.src); p.skip(true) {
		if err := p.rule(); err != nil {
			return nil, fmt.Errorf("line %d: %w", 1+strings.Count(string(p.src[:min(p.pos, len(p.src))]), "\n"), err)
		}
	}
	if len(p.g.rules) == 0 {
		return nil, errors.New("it holds no rule")
	}
	for _, name := range []string{"start", "root"} {
		if i, ok := p.index[name]; ok && p.g.rules[i] != nil {
			p.g.root = i
		}
	}
	return p.g, nil
}

type ebnf struct {
	src    []rune
	pos    int
	g      *grammar
	index  map[string]int // rule name -> rule
	nested int
}

// skip passes over blanks and comments, and over line ends when lines is set.
func (p *ebnf) skip(lines bool) {
	for p.pos < len(p.src) {
		switch r := p.src[p.pos]; {
		case r == '#' || p.ahead("//"):
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

// head reads the left side of a definition and returns its name; "" when there is none here.
func (p *ebnf) head() string {
	for p.take("?") || p.take("!") { // Lark's tree shaping does not affect membership
	}
	name := p.name()
	p.skip(false)
	if name == "" || !p.take("::=") && !p.take(":") && !p.take("=") {
		return ""
	}
	return name
}

// atHead reports whether the next rule begins here: that is what ends a rule, not the end of a line.
func (p *ebnf) atHead() bool {
	defer func(from int) { p.pos = from }(p.pos)
	return p.head() != ""
}

// ref returns the rule of a name, which can be defined later.
func (p *ebnf) ref(name string) int {
	if i, ok := p.index[name]; ok {
		return i
	}
	p.index[name] = p.make(name, nil)
	return p.index[name]
}

// make adds a rule.
func (p *ebnf) make(name string, alts [][]symbol) int {
	p.g.names, p.g.rules = append(p.g.names, name), append(p.g.rules, alts)
	return len(p.g.rules) - 1
}

// rule reads one definition.
func (p *ebnf) rule() error {
	from := p.pos
	name := p.head()
	if name == "" {
		p.pos = from
		line, _, _ := strings.Cut(string(p.src[from:]), "\n")
		return fmt.Errorf("a rule (name ::= … or name: …) was expected, found %.40q", line)
	}
	rule := p.ref(name)
	if p.g.rules[rule] != nil {
		return fmt.Errorf("rule %s is defined twice", name)
	}
	alts, err := p.alternatives()
	if err != nil {
		return fmt.Errorf("rule %s: %w", name, err)
	}
	p.g.rules[rule] = alts
	if p.take(";"); p.ahead(")") {
		return fmt.Errorf("rule %s: a ) closes nothing", name)
	}
	return nil
}

// alternatives reads a | b | c up to the end of the rule or of the group.
func (p *ebnf) alternatives() ([][]symbol, error) {
	if p.nested++; p.nested > maxNested {
		return nil, fmt.Errorf("groups nest deeper than %d", maxNested)
	}
	defer func() { p.nested-- }()
	var out [][]symbol
	for {
		seq, err := p.sequence()
		if err != nil {
			return nil, err
		}
		out = append(out, seq)
		if !p.take("|") {
			return out, nil
		}
	}
}

func (p *ebnf) sequence() ([]symbol, error) {
	seq := []symbol{}
	for {
		p.skip(true)
		if p.pos >= len(p.src) || strings.ContainsRune("|);", p.src[p.pos]) || p.atHead() {
			return seq, nil
		}
		s, err := p.term()
		if err != nil {
			return nil, err
		}
		if s, err = p.repeated(s); err != nil {
			return nil, err
		}
		seq = append(seq, s...)
	}
}

// term reads a literal, a class, a group, a regular expression or a name.
func (p *ebnf) term() ([]symbol, error) {
	if len(p.g.rules) > maxRules {
		return nil, fmt.Errorf("it needs more than %d rules", maxRules)
	}
	switch r := p.src[p.pos]; r {
	case '"', '\'':
		return p.literal(r)
	case '[':
		return p.class()
	case '/':
		return p.pattern()
	case '(':
		p.pos++
		alts, err := p.alternatives()
		if err != nil {
			return nil, err
		}
		if p.skip(true); !p.take(")") {
			return nil, errors.New("a group is not closed")
		}
		return []symbol{{rule: p.make("a group", alts)}}, nil
	}
	if name := p.name(); name != "" {
		return []symbol{{rule: p.ref(name)}}, nil
	}
	return nil, fmt.Errorf("%q is not understood here", p.src[p.pos])
}

// repeated applies ?, *, +, {n}, {m,} and {m,n} to what was just read.
func (p *ebnf) repeated(s []symbol) ([]symbol, error) {
	switch {
	case p.take("?"):
		return p.times(s, 0, 1), nil
	case p.take("*"):
		return p.times(s, 0, -1), nil
	case p.take("+"):
		return p.times(s, 1, -1), nil
	case p.ahead("{"):
		low, high, err := p.counts()
		return p.times(s, low, high), err
	}
	return s, nil
}

var repetition = regexp.MustCompile(`^\{ *(\d{1,4}) *(, *(\d{0,4}) *)?\}`)

// counts reads {n}, {m,} or {m,n}; high is -1 without a bound.
func (p *ebnf) counts() (low, high int, err error) {
	ahead := string(p.src[p.pos:min(p.pos+40, len(p.src))])
	m := repetition.FindStringSubmatch(ahead)
	if m == nil {
		return 0, 0, fmt.Errorf("%q is not a repetition: write {n}, {m,} or {m,n}", ahead)
	}
	p.pos += len(m[0])
	low, _ = strconv.Atoi(m[1]) // digits, by the expression
	switch {
	case m[2] == "":
		high = low
	case m[3] == "":
		high = -1
	default:
		high, _ = strconv.Atoi(m[3])
	}
	if high >= 0 && high < low || max(low, high) > maxTimes {
		return 0, 0, fmt.Errorf("the repetition %s is the wrong way round, or beyond %d", m[0], maxTimes)
	}
	return low, high, nil
}

// times repeats s; high -1 is no bound. The unbounded part is left recursive, which Earley's algorithm takes in linear
// time.
func (p *ebnf) times(s []symbol, low, high int) []symbol {
	if len(s) != 1 {
		s = []symbol{{rule: p.make("a repetition", [][]symbol{s})}}
	}
	out := slices.Repeat(s, low)
	if high < 0 {
		rule := p.make("a repetition", nil)
		p.g.rules[rule] = [][]symbol{{{rule: rule}, s[0]}, {}}
		return append(out, symbol{rule: rule})
	}
	var rest []symbol // (s (s (s …)?)?)?
	for range high - low {
		rest = []symbol{{rule: p.make("a repetition", [][]symbol{append(slices.Clone(s), rest...), {}})}}
	}
	return append(out, rest...)
}
