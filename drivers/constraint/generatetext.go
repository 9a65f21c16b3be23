package constraint

import (
	"fmt"
	"strings"
)

// text is a string: by its pattern, else by its format, else words of the right length.
func (g *generator) text(s map[string]any) (any, error) {
	if p, ok := s["pattern"].(string); ok {
		x, err := newRegex(p)
		if err != nil {
			return nil, err
		}
		return x.generate(g.r)
	}
	date := fmt.Sprintf("20%02d-%02d-%02d", g.r.IntN(30), 1+g.r.IntN(12), 1+g.r.IntN(28))
	clock := fmt.Sprintf("%02d:%02d:%02dZ", g.r.IntN(24), g.r.IntN(60), g.r.IntN(60))
	switch s["format"] {
	case "email":
		return g.word() + "@example.org", nil
	case "date":
		return date, nil
	case "time":
		return clock, nil
	case "date-time":
		return date + "T" + clock, nil
	case "uri":
		return "https://example.org/" + g.word(), nil
	case "hostname":
		return g.word() + ".example.org", nil
	case "ipv4":
		return fmt.Sprintf("192.0.2.%d", g.r.IntN(256)), nil
	case "uuid":
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", g.r.Uint32(), g.r.IntN(1<<16), g.r.IntN(1<<12), g.r.IntN(1<<12), g.r.Int64N(1<<48)), nil
	}
	low := int(min(number(s, "minLength", 0), maxGenerated))
	text := g.word()
	for len(text) < low {
		text += " " + g.word()
	}
	return text[:int(min(float64(len(text)), number(s, "maxLength", maxGenerated)))], nil
}

var syllables = strings.Fields("ba de fi go hu ka le mi no pu ra se ti vo xu ya ze lor sum dol")

// word is a made-up word.
func (g *generator) word() string {
	var b strings.Builder
	for range 2 + g.r.IntN(3) {
		b.WriteString(syllables[g.r.IntN(len(syllables))])
	}
	return b.String()
}
