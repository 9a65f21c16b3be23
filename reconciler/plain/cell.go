package plain

import (
	"strconv"
	"strings"
)

// Cell is one cell of a CSV file: on one line, and with an apostrophe before what a spreadsheet would take for a formula.
// Numbers stay as they are.
func Cell(s string) string {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	begins := strings.TrimLeft(s, " \t\r\n")
	s = Line(s)
	if begins != "" && strings.ContainsRune("=+-@|%", rune(begins[0])) || s != "" && (s[0] == '\t' || s[0] == '\r') {
		return "'" + s
	}
	return s
}

// markdown takes the meaning from what is a link, an image, HTML, code or a column in Markdown.
var markdown = strings.NewReplacer(`\`, `\\`, "|", `\|`, "`", "\\`", "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;",
	"://", "&#58;//", "www.", "www&#46;", "WWW.", "WWW&#46;", "@", "&#64;")

// Markdown is text for a cell or a sentence of a Markdown page: on one line, and nothing but text.
func Markdown(s string) string { return markdown.Replace(Line(s)) }
