package constraint

import "fmt"

// item is an Earley item: a rule's alternative, how far it is recognised, and where it began.
type item struct {
	rule     string
	alt, dot int
	from     int
}

// chart is the set of items at one place of the output.
type chart struct {
	items []item
	seen  map[item]bool
}

func (c *chart) add(i item) {
	if !c.seen[i] {
		c.seen[i] = true
		c.items = append(c.items, i)
	}
}

// check decides membership with Earley's algorithm: any context-free grammar, no backtracking.
func (g *grammar) check(output string) error {
	runes := []rune(output)
	charts := make([]*chart, len(runes)+1)
	for i := range charts {
		charts[i] = &chart{seen: map[item]bool{}}
	}
	for alt := range g.rules[g.root] {
		charts[0].add(item{g.root, alt, 0, 0})
	}
	for at, c := range charts {
		if len(c.items) == 0 {
			return &Violation{Message: fmt.Sprintf("%.80q leaves the grammar at character %d", output, at)}
		}
		g.complete(charts, at)
		if at < len(runes) {
			g.scan(charts, at, runes[at])
		}
	}
	for _, i := range charts[len(runes)].items {
		if i.rule == g.root && i.from == 0 && i.dot == len(g.rules[i.rule][i.alt]) {
			return nil
		}
	}
	return &Violation{Truncated: true, Message: fmt.Sprintf("%.80q ends before the grammar does", output)}
}

// complete predicts and completes until the chart no longer grows. Rules that can be empty are completed where they
// begin, and so an item is also advanced when its empty completion came first.
func (g *grammar) complete(charts []*chart, at int) {
	c := charts[at]
	empty := map[string]bool{} // rules completed from here to here
	for k := 0; k < len(c.items); k++ {
		i := c.items[k]
		alt := g.rules[i.rule][i.alt]
		if i.dot == len(alt) {
			if i.from == at {
				empty[i.rule] = true
			}
			for _, p := range charts[i.from].items {
				if s := g.next(p); s != nil && s.rule == i.rule {
					c.add(item{p.rule, p.alt, p.dot + 1, p.from})
				}
			}
			continue
		}
		if s := alt[i.dot]; s.rule != "" {
			for a := range g.rules[s.rule] {
				c.add(item{s.rule, a, 0, at})
			}
			if empty[s.rule] {
				c.add(item{i.rule, i.alt, i.dot + 1, i.from})
			}
		}
	}
}

func (g *grammar) next(i item) *symbol {
	if alt := g.rules[i.rule][i.alt]; i.dot < len(alt) {
		return &alt[i.dot]
	}
	return nil
}

func (g *grammar) scan(charts []*chart, at int, r rune) {
	for _, i := range charts[at].items {
		if s := g.next(i); s != nil && s.set != nil && s.set.has(r) {
			charts[at+1].add(item{i.rule, i.alt, i.dot + 1, i.from})
		}
	}
}
