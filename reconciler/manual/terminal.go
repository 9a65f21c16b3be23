package manual

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/russross/blackfriday/v2"
)

// The widths of text. Nobody reads lines that are longer; below the least, a terminal breaks them itself.
const (
	most  = 100
	least = 40
)

// Print writes a page as plain text for a terminal of so many columns; 0: it is none.
func Print(out io.Writer, p Page, columns int) error {
	if columns == 0 {
		columns = most
	}
	b := &printer{width: max(least, min(most, columns-1))}
	doc := blackfriday.New(blackfriday.WithExtensions(blackfriday.CommonExtensions)).Parse([]byte(p.Text))
	b.children(doc, "", "")
	_, err := io.WriteString(out, strings.TrimLeft(b.out.String(), "\n"))
	return err
}

type printer struct {
	out   strings.Builder
	width int
}

// children writes the blocks below a node. The first line begins with lead, all others with indent.
func (p *printer) children(n *blackfriday.Node, lead, indent string) {
	for c := n.FirstChild; c != nil; c = c.Next {
		p.block(c, lead, indent)
		lead = indent
	}
}

func (p *printer) block(n *blackfriday.Node, lead, indent string) {
	switch n.Type {
	case blackfriday.Heading:
		text := inline(n)
		p.line("")
		p.line(text)
		if n.Level < 3 {
			p.line(strings.Repeat(map[bool]string{true: "=", false: "-"}[n.Level == 1], utf8.RuneCountInString(text)))
		}
	case blackfriday.CodeBlock:
		p.line("")
		for line := range strings.Lines(string(n.Literal)) {
			p.line(indent + "    " + strings.TrimRight(line, "\n"))
		}
	case blackfriday.List:
		p.list(n, indent)
	case blackfriday.Table:
		p.line("")
		for _, line := range grid(cells(n), p.width-len(indent)) {
			p.line(indent + line)
		}
	case blackfriday.BlockQuote:
		p.children(n, indent+"  ", indent+"  ")
	case blackfriday.Paragraph:
		if strings.TrimSpace(lead) == "" { // what follows the mark of a list is in its line
			p.line("")
		}
		p.wrap(lead, indent, inline(n))
	}
}

func (p *printer) list(n *blackfriday.Node, indent string) {
	if n.Parent == nil || n.Parent.Type != blackfriday.Item {
		p.line("")
	}
	number := 0
	for item := n.FirstChild; item != nil; item = item.Next {
		mark := "- "
		if n.ListFlags&blackfriday.ListTypeOrdered != 0 {
			number++
			mark = fmt.Sprintf("%d. ", number)
		}
		p.children(item, indent+mark, indent+strings.Repeat(" ", len(mark)))
	}
}

// wrap writes text in lines of the width.
func (p *printer) wrap(lead, indent, text string) {
	for i, line := range broken(text, p.width-utf8.RuneCountInString(indent)) {
		if i > 0 {
			lead = indent
		}
		p.line(lead + line)
	}
}

// broken is text in lines of at most so many letters, where words are not longer.
func broken(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

func (p *printer) line(text string) { p.out.WriteString(strings.TrimRight(text, " ") + "\n") }
