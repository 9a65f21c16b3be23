package constraint

import "fmt"

// item is an Earley item: a rule's alternative, how far it is recognised, and where it began.
type item struct{ rule, alt, dot, from int32 }

func (i item) next() item { return item{i.rule, i.alt, i.dot + 1, i.from} }

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
	g.predict(charts[0], g.root, 0)
	for at, c := range charts {
		if len(c.items) == 0 {
			return &Violation{Message: fmt.Sprintf("%.80q leaves the grammar at character %d", output, at)}
		}
		g.close(charts, at)
		c.seen = nil // closed: nothing is added any more
		if at < len(runes) {
			g.scan(c, charts[at+1], runes[at])
		}
	}
	for _, i := range charts[len(runes)].items {
		if int(i.rule) == g.root && i.from == 0 && g.after(i) == nil {
			return nil
		}
	}
	return &Violation{Truncated: true, Message: fmt.Sprintf("%.80q ends before the grammar does", output)}
}

// predict adds the beginnings of a rule; what has no finite output is never begun.
func (g *grammar) predict(c *chart, rule, at int) {
	for alt := range g.rules[rule] {
		if _, ok := g.altDepth(g.rules[rule][alt]); ok {
			c.add(item{int32(rule), int32(alt), 0, int32(at)})
		}
	}
}

// after returns the symbol that an item waits for; nil when it is complete.
func (g *grammar) after(i item) *symbol {
	if alt := g.rules[i.rule][i.alt]; int(i.dot) < len(alt) {
		return &alt[i.dot]
	}
	return nil
}

// close predicts and completes until the chart no longer grows. A rule that was completed without consuming anything
// can get waiting items later on; those are advanced when they are processed.
func (g *grammar) close(charts []*chart, at int) {
	c := charts[at]
	empty := map[int]bool{} // rules completed from here to here
	for k := 0; k < len(c.items); k++ {
		i := c.items[k]
		s := g.after(i)
		switch {
		case s == nil:
			if int(i.from) == at {
				empty[int(i.rule)] = true
			}
			for _, waiting := range charts[i.from].items {
				if w := g.after(waiting); w != nil && w.set == nil && w.rule == int(i.rule) {
					c.add(waiting.next())
				}
			}
		case s.set == nil:
			g.predict(c, s.rule, at)
			if empty[s.rule] {
				c.add(i.next())
			}
		}
	}
}

func (g *grammar) scan(from, to *chart, r rune) {
	for _, i := range from.items {
		if s := g.after(i); s != nil && s.set.has(r) {
			to.add(i.next())
		}
	}
}
