package chart

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
)

// canvas collects the text of a drawing.
type canvas struct{ strings.Builder }

// tag writes an element without content. Attributes are pairs of a name and a value.
func (c *canvas) tag(name string, attributes ...any) {
	c.head(name, attributes)
	c.WriteString("/>")
}

// open writes the beginning of an element.
func (c *canvas) open(name string, attributes ...any) {
	c.head(name, attributes)
	c.WriteString(">")
}

func (c *canvas) shut(name string) { c.WriteString("</" + name + ">") }

// text writes an element with text in it.
func (c *canvas) text(name, content string, attributes ...any) {
	c.open(name, attributes...)
	c.WriteString(template.HTMLEscapeString(content))
	c.shut(name)
}

func (c *canvas) head(name string, attributes []any) {
	c.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		fmt.Fprintf(c, ` %s="%s"`, attributes[i], template.HTMLEscapeString(value(attributes[i+1])))
	}
}

// value of an attribute: places have as many digits as an eye can see.
func value(v any) string {
	if f, ok := v.(float64); ok {
		return place(f)
	}
	return fmt.Sprint(v)
}

func place(v float64) string {
	text := strconv.FormatFloat(v, 'f', 1, 64)
	return strings.TrimSuffix(text, ".0")
}

// path joins places.
func path(points [][2]float64) string {
	var b strings.Builder
	for i, p := range points {
		b.WriteString(map[bool]string{true: "M", false: "L"}[i == 0] + place(p[0]) + " " + place(p[1]))
	}
	return b.String()
}

// html is the drawing; all text in it was escaped where it was written.
func (c *canvas) html() html { return html(c.String()) }
