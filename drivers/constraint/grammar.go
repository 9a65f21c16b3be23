package constraint

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
)

// grammar is an EBNF grammar as plain rules: groups and repetitions have become rules of their own.
type grammar struct {
	rules map[string][][]symbol
	root  string
	depth map[string]int // fewest rule expansions to a terminal string; absent: none exists
}

// symbol is a terminal (a set of runes that one rune must be in) or the name of a rule.
type symbol struct {
	rule string
	set  *runeSet
}

// runeSet holds ranges of runes; negated, everything else.
type runeSet struct {
	ranges []rune // low, high, low, high …
	not    bool
}

func (s *runeSet) has(r rune) bool {
	for i := 0; i < len(s.ranges); i += 2 {
		if s.ranges[i] <= r && r <= s.ranges[i+1] {
			return !s.not
		}
	}
	return s.not
}

func newGrammar(source string) (form, error) {
	g, err := parseGrammar(source)
	if err != nil {
		return nil, fmt.Errorf("the grammar: %w", err)
	}
	for name, alts := range g.rules {
		for _, alt := range alts {
			for _, s := range alt {
				if s.rule != "" && g.rules[s.rule] == nil {
					return nil, fmt.Errorf("the grammar: rule %s uses %s, which is not defined", name, s.rule)
				}
			}
		}
	}
	g.measure()
	if _, ok := g.depth[g.root]; !ok {
		return nil, errors.New("the grammar has no finite output")
	}
	return g, nil
}

// measure finds for each rule how deep its shallowest derivation is.
func (g *grammar) measure() {
	g.depth = map[string]int{}
	for changed := true; changed; {
		changed = false
		for name, alts := range g.rules {
			for _, alt := range alts {
				d, ok := g.altDepth(alt)
				if old, known := g.depth[name]; ok && (!known || d+1 < old) {
					g.depth[name], changed = d+1, true
				}
			}
		}
	}
}

func (g *grammar) altDepth(alt []symbol) (int, bool) {
	deepest := 0
	for _, s := range alt {
		if s.rule == "" {
			continue
		}
		d, ok := g.depth[s.rule]
		if !ok {
			return 0, false
		}
		deepest = max(deepest, d)
	}
	return deepest, true
}

// generate derives a random output; beyond maxDepth it takes the shallowest way.
func (g *grammar) generate(r *rand.Rand) (string, error) {
	var b strings.Builder
	g.derive(&b, g.root, r, 0)
	return b.String(), nil
}

func (g *grammar) derive(b *strings.Builder, rule string, r *rand.Rand, depth int) {
	var possible [][]symbol
	for _, alt := range g.rules[rule] {
		d, ok := g.altDepth(alt)
		if !ok || depth > maxDepth && d >= g.depth[rule] {
			continue
		}
		possible = append(possible, alt)
	}
	for _, s := range possible[r.IntN(len(possible))] {
		if s.rule != "" {
			g.derive(b, s.rule, r, depth+1)
			continue
		}
		b.WriteRune(s.set.pick(r))
	}
}

func (s *runeSet) pick(r *rand.Rand) rune {
	if !s.not {
		return pick(s.ranges, r)
	}
	for c := 'a'; c <= 'z'; c++ {
		if s.has(c) {
			return c
		}
	}
	for c := ' '; ; c++ {
		if s.has(c) {
			return c
		}
	}
}
