package constraint

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
)

// maxGenerated bounds generated text, in characters: beyond half of it the shortest way out is taken.
const maxGenerated = 8192

// grammar is an EBNF grammar as plain rules: groups and repetitions have become rules of their own.
type grammar struct {
	names []string
	rules [][][]symbol // rule -> alternatives -> symbols; nil: used but not defined
	root  int
	depth []int // fewest nested expansions to a terminal string; 0: there is none
}

// symbol is a terminal (a set of runes that one rune must be in), or a rule when set is nil.
type symbol struct {
	set  runeSet
	rule int
}

// runeSet holds ranges of runes: low, high, low, high … It is not empty.
type runeSet []rune

func (s runeSet) has(r rune) bool {
	for i := 0; i < len(s); i += 2 {
		if s[i] <= r && r <= s[i+1] {
			return true
		}
	}
	return false
}

func newGrammar(source string) (form, error) {
	g, err := parseGrammar(source)
	if err != nil {
		return nil, fmt.Errorf("the grammar: %w", err)
	}
	for rule, alts := range g.rules {
		if alts == nil {
			return nil, fmt.Errorf("the grammar: %s is used but not defined", g.names[rule])
		}
	}
	g.measure()
	if g.depth[g.root] == 0 {
		return nil, fmt.Errorf("the grammar: %s has no finite output", g.names[g.root])
	}
	return g, nil
}

// measure finds for each rule how deep its shallowest derivation is.
func (g *grammar) measure() {
	g.depth = make([]int, len(g.rules))
	for changed := true; changed; {
		changed = false
		for rule, alts := range g.rules {
			for _, alt := range alts {
				d, ok := g.altDepth(alt)
				if old := g.depth[rule]; ok && (old == 0 || d+1 < old) {
					g.depth[rule], changed = d+1, true
				}
			}
		}
	}
}

func (g *grammar) altDepth(alt []symbol) (int, bool) {
	deepest := 0
	for _, s := range alt {
		if s.set != nil {
			continue
		}
		d := g.depth[s.rule]
		if d == 0 {
			return 0, false
		}
		deepest = max(deepest, d)
	}
	return deepest, true
}

// generate derives a random output; beyond maxDepth it takes the shallowest way.
func (g *grammar) generate(r *rand.Rand) (string, error) {
	var b strings.Builder
	if !g.derive(&b, g.root, r, 0) {
		return "", errors.New("the grammar: its outputs are too long to generate one")
	}
	return b.String(), nil
}

// derive appends one derivation of a rule; false when it became too long.
func (g *grammar) derive(b *strings.Builder, rule int, r *rand.Rand, depth int) bool {
	shortest := depth > maxDepth || b.Len() > maxGenerated/2
	var possible [][]symbol
	for _, alt := range g.rules[rule] {
		if d, ok := g.altDepth(alt); ok && (!shortest || d < g.depth[rule]) {
			possible = append(possible, alt)
		}
	}
	for _, s := range possible[r.IntN(len(possible))] {
		if s.set != nil {
			b.WriteRune(pick(s.set, r))
		} else if !g.derive(b, s.rule, r, depth+1) {
			return false
		}
	}
	return b.Len() <= maxGenerated
}
