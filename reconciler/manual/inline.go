package manual

import (
	"strings"

	"github.com/russross/blackfriday/v2"
)

// inline is what stands in a paragraph or a cell, in one line. A link to another page says how to read it here.
func inline(n *blackfriday.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.Next {
		switch c.Type {
		case blackfriday.Text:
			b.Write(c.Literal)
		case blackfriday.Code:
			b.WriteString("`" + string(c.Literal) + "`")
		case blackfriday.Softbreak, blackfriday.Hardbreak:
			b.WriteByte(' ')
		case blackfriday.Image: // a terminal has none
		case blackfriday.Link:
			b.WriteString(link(inline(c), string(c.Destination)))
		default:
			b.WriteString(inline(c))
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func link(text, to string) string {
	if name, ok := strings.CutSuffix(to, ".md"); ok && !strings.Contains(name, "/") {
		if text == "`assay help "+name+"`" {
			return text
		}
		return text + " (`assay help " + name + "`)"
	}
	for strings.HasPrefix(to, "../") {
		to = to[len("../"):]
	}
	if to == text || "`"+to+"`" == text {
		return text
	}
	return text + " (" + to + ")"
}
