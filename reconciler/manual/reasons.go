package manual

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// Words is a Go source with constants that are reasons.
type Words struct {
	Title  string
	About  string                   // a sentence or two
	Source string                   // Go; its constants stand below comments that say what a group of them is
	Named  string                   // how the names of its constants begin; empty: all of them
	Advice func(word string) string // what to do; nil: the comment beside the constant says it
}

// Reasons is the reference of reasons.
func Reasons(all ...Words) (Page, error) {
	var b strings.Builder
	b.WriteString(`# Reasons

A reason is one CamelCase word that says why: in a condition, an event, an action of ` + "`assay plan`" + `, or a result. Programs may compare
them; people read the message that goes with each. ` + "`assay describe`" + ` and ` + "`assay events`" + ` print both, with the advice below.
`)
	for _, w := range all {
		file, err := parser.ParseFile(token.NewFileSet(), "", w.Source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return Page{}, fmt.Errorf("reading the sources in this binary: %w", err)
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", w.Title, w.About)
		rows := 0
		for _, decl := range file.Decls {
			if group, ok := decl.(*ast.GenDecl); ok && group.Tok == token.CONST {
				rows += w.write(&b, group)
			}
		}
		if rows == 0 {
			return Page{}, fmt.Errorf("no constants %s… are in the source for %q", w.Named, w.Title)
		}
	}
	return page("reasons", b.String()), nil
}

// write adds a table for each comment in a group of constants, and counts the rows.
func (w Words) write(b *strings.Builder, group *ast.GenDecl) (rows int) {
	open := false
	for _, spec := range group.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok || len(v.Names) != 1 || len(v.Values) != 1 {
			continue
		}
		word, ok := wordOf(v)
		if !ok || !strings.HasPrefix(v.Names[0].Name, w.Named) {
			continue
		}
		if about := tidy(v.Doc.Text()); about != "" || !open {
			if about != "" {
				fmt.Fprintf(b, "\n%s\n", escape(sentence(about)))
			}
			b.WriteString("\n| Reason | What it says, and what to do |\n|---|---|\n")
			open = true
		}
		says := tidy(v.Comment.Text())
		if w.Advice != nil {
			says = strings.TrimSpace(sentence(says) + " " + upper(w.Advice(word)))
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", word, orDash(escape(upper(says))))
		rows++
	}
	return rows
}

// wordOf is the word that a constant stands for. One that is declared elsewhere is called like its word, which a test holds.
func wordOf(v *ast.ValueSpec) (string, bool) {
	switch value := v.Values[0].(type) {
	case *ast.BasicLit:
		word, err := strconv.Unquote(value.Value)
		return word, err == nil && value.Kind == token.STRING
	case *ast.SelectorExpr:
		return strings.TrimPrefix(v.Names[0].Name, "Reason"), true
	}
	return "", false
}

// inCode is what a comment says to a reader of the code alone.
var inCode = regexp.MustCompile(`[,:;] see \w+(\.go)?\b|\s*See \w+\.go\.`)

func tidy(comment string) string {
	return strings.Join(strings.Fields(inCode.ReplaceAllString(comment, "")), " ")
}

func upper(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
