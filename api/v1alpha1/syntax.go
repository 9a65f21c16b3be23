package v1alpha1

import (
	"bytes"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var syntaxPrefix = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// noSpace matches a line that was meant as an element of a list.
var noSpace = regexp.MustCompile(`^\s*-[A-Za-z]+:`)

// syntaxHints say what usually causes an error of the parser.
var syntaxHints = []struct{ part, hint string }{
	{"mapping values are not allowed", "quote a value that holds a colon and a space; check the indentation"},
	{"tab character", "indent with spaces, not with tabs"},
	{"cannot start any token", "indent with spaces, not with tabs; quote a value that begins with @, ` or %"},
	{"unexpected end of stream", "a quote is never closed"},
	{"expected ',' or '}'", "a { is never closed, or a comma is missing"},
	{"expected ',' or ']'", "a [ is never closed, or a comma is missing"},
	{"could not find expected ':'", "a colon is missing after a key"},
	{"did not find expected key", "check the indentation"},
	{"expected '-' indicator", "check the indentation"},
	{"escape character", "use single quotes, or write \\\\ for a backslash"},
	{"unknown anchor", "define it with & before it is used"},
}

// syntaxProblem gives a parser's error its place.
//
// The parser often names no line, or the line where the surrounding block began. But it reads from the front: the
// error depends only on what comes before. So the place is the end of the shortest beginning of the file, in lines,
// that already has this error. In a large file it is where the parser says.
func syntaxProblem(data []byte, err error) *Problem {
	message := syntaxPrefix.ReplaceAllString(err.Error(), "")
	lines := bytes.SplitAfter(data, []byte("\n"))
	end := make([]int, len(lines)+1)
	for i, l := range lines {
		end[i+1] = end[i] + len(l)
	}
	line := 1
	if len(data) <= maxSearched {
		line = sort.Search(len(lines), func(k int) bool { return firstError(data[:end[k]]) == message })
	} else if said := syntaxPrefix.FindStringSubmatch(err.Error()); said != nil {
		line, _ = strconv.Atoi(said[1]) // the parser often names no line
		line = min(line, len(lines))
	}
	p := &Problem{Line: max(line, 1), Col: 1, Message: "is not YAML: " + message}
	text := string(lines[p.Line-1])
	p.Col += len(text) - len(strings.TrimLeft(text, " \t"))
	if before := string(lines[max(p.Line-2, 0)]); noSpace.MatchString(text) || noSpace.MatchString(before) {
		p.Hint = "a space belongs behind the - of a list"
		return p
	}
	for _, h := range syntaxHints {
		if strings.Contains(message, h.part) {
			p.Hint = h.hint
			break
		}
	}
	return p
}

func firstError(data []byte) string {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		switch err := dec.Decode(new(yaml.Node)); err {
		case nil:
		case io.EOF:
			return ""
		default:
			return syntaxPrefix.ReplaceAllString(err.Error(), "")
		}
	}
}
