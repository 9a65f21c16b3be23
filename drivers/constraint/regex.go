package constraint

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
)

// maxRepeat bounds the repetitions that Generate makes of * and +.
const maxRepeat = 8

// regex is a regular expression in Go's syntax, which agrees with Python's but for look-around and back-references.
type regex struct {
	source string
	full   *regexp.Regexp
	tree   *syntax.Regexp
}

func newRegex(source string) (form, error) {
	full, err := regexp.Compile(`\A(?:` + source + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q: %w", source, err)
	}
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q: %w", source, err)
	}
	return &regex{source, full, tree.Simplify()}, nil
}

func (x *regex) check(output string) error {
	if x.full.MatchString(output) {
		return nil
	}
	return &Violation{Truncated: x.prefix(output), Message: fmt.Sprintf("%.80q does not match %s", output, x.source)}
}

// prefix reports whether output begins some match: the program of the expression is run over it, and what counts is
// whether any thread is left.
func (x *regex) prefix(output string) bool {
	prog, err := syntax.Compile(x.tree)
	if err != nil {
		return false
	}
	threads := follow(prog, []uint32{uint32(prog.Start)}, -1, firstRune(output))
	runes := []rune(output)
	for i, r := range runes {
		var next []uint32
		for _, pc := range threads {
			if inst := &prog.Inst[pc]; isRune(inst) && inst.MatchRune(r) {
				next = append(next, inst.Out)
			}
		}
		ahead := rune(-1)
		if i+1 < len(runes) {
			ahead = runes[i+1]
		}
		if threads = follow(prog, next, r, ahead); len(threads) == 0 {
			return false
		}
	}
	return true
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return -1
}

func isRune(i *syntax.Inst) bool {
	switch i.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	}
	return false
}

// follow closes a set of threads over the instructions that consume nothing.
func follow(p *syntax.Prog, pcs []uint32, before, after rune) []uint32 {
	seen := map[uint32]bool{}
	var out []uint32
	var walk func(uint32)
	walk = func(pc uint32) {
		if seen[pc] {
			return
		}
		seen[pc] = true
		switch i := &p.Inst[pc]; i.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			walk(i.Out)
			walk(i.Arg)
		case syntax.InstCapture, syntax.InstNop:
			walk(i.Out)
		case syntax.InstEmptyWidth:
			if after < 0 || syntax.EmptyOp(i.Arg)&^syntax.EmptyOpContext(before, after) == 0 {
				walk(i.Out)
			}
		default:
			out = append(out, pc)
		}
	}
	for _, pc := range pcs {
		walk(pc)
	}
	return out
}

func (x *regex) generate(r *rand.Rand) (string, error) {
	for range tries { // anchors and word boundaries are left to chance
		d := drawing{r: r}
		if err := d.write(x.tree); err != nil {
			return "", err
		}
		if text := d.text.String(); x.full.MatchString(text) {
			return text, nil
		}
	}
	return "", fmt.Errorf("no output was found that matches %s", x.source)
}

// drawing is one random match in the making. Beyond maxGenerated steps nothing is repeated more often than it has to be:
// repetitions inside repetitions grow fast.
type drawing struct {
	text  strings.Builder
	r     *rand.Rand
	steps int
}

func (d *drawing) write(t *syntax.Regexp) error {
	d.steps++
	switch t.Op {
	case syntax.OpLiteral:
		d.text.WriteString(string(t.Rune))
	case syntax.OpCharClass:
		d.text.WriteRune(pick(t.Rune, d.r))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		d.text.WriteRune('a' + rune(d.r.IntN(26)))
	case syntax.OpConcat, syntax.OpCapture:
		for _, s := range t.Sub {
			if err := d.write(s); err != nil {
				return err
			}
		}
	case syntax.OpAlternate:
		return d.write(t.Sub[d.r.IntN(len(t.Sub))])
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		return d.repeat(t)
	case syntax.OpNoMatch:
		return fmt.Errorf("the regular expression matches nothing")
	}
	return nil // what is left consumes nothing
}

func (d *drawing) repeat(t *syntax.Regexp) error {
	low, high := 0, maxRepeat
	switch t.Op {
	case syntax.OpPlus:
		low = 1
	case syntax.OpQuest:
		high = 1
	case syntax.OpRepeat:
		low, high = t.Min, t.Max
		if high < 0 {
			high = low + maxRepeat
		}
	}
	for i := range low + d.r.IntN(high-low+1) {
		if i >= low && d.steps > maxGenerated {
			return nil
		}
		if err := d.write(t.Sub[0]); err != nil {
			return err
		}
	}
	return nil
}

// pick takes a rune of a class, from its ASCII letters and digits if it has any.
func pick(ranges []rune, r *rand.Rand) rune {
	var plain []rune
	for i := 0; i+1 < len(ranges); i += 2 {
		for c := ranges[i]; c <= min(ranges[i+1], 'z'); c++ {
			if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
				plain = append(plain, c)
			}
		}
	}
	if len(plain) > 0 {
		return plain[r.IntN(len(plain))]
	}
	i := 2 * r.IntN(len(ranges)/2)
	return ranges[i] + rune(r.IntN(int(min(ranges[i+1]-ranges[i], 256)+1)))
}
