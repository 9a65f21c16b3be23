package fields

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// width is where text is wrapped, in letters.
const width = 100

// Explain writes what a path means: one field whole, or several in a line each, because the path is the end of all of them.
// everything adds what lies below it, at any depth.
func Explain(to io.Writer, path string, everything bool) error {
	places, err := Find(path)
	if err != nil {
		return err
	}
	if everything {
		for _, root := range places {
			for _, p := range All() {
				if p.Kind == root.Kind && strings.HasPrefix(p.Path, root.Path) {
					fmt.Fprintf(to, "%-60s %s\n", p.Path, p.Field.Form())
				}
			}
		}
		return nil
	}
	if len(places) > 1 {
		for _, p := range places {
			fmt.Fprintf(to, "%s.%s\n", strings.ToLower(p.Kind), strings.Join(p.words, "."))
			wrap(to, "    ", p.Field.Meaning)
		}
		return nil
	}
	describe(to, places[0])
	return nil
}

func describe(to io.Writer, p Place) {
	f := p.Field
	fmt.Fprintf(to, "FIELD    %s (%s)\nTYPE     %s\n", p.Path, p.Kind, f.Form())
	if f.Default != "" {
		fmt.Fprintf(to, "DEFAULT  %s\n", f.Default)
	}
	fmt.Fprintf(to, "EXAMPLE  %s: %s\nSINCE    %s\n\n", f.Name, f.Example, f.Since)
	wrap(to, "  ", f.Meaning)
	of := inner(f.Type)
	if of == nil {
		return
	}
	fmt.Fprintln(to, "\nFIELDS")
	for _, g := range Of(of) {
		fmt.Fprintf(to, "  %s  (%s)\n", g.Name, g.Form())
		wrap(to, "      ", g.Meaning)
	}
}

// Form is a field's type in words: whole number, 1 to 64, required.
func (f Field) Form() string {
	out := shapeOf(f.Type).words
	if len(f.Values) > 0 {
		kind := "one of "
		if f.Type.Kind() == reflect.Slice {
			kind = "list of "
		}
		out = kind + strings.Join(f.Values, ", ")
	}
	number := f.Type.Kind() != reflect.Slice && f.Type.Kind() != reflect.Map && !scalar(f.Type)
	switch {
	case !number:
	case f.Min != "" && f.Max != "":
		out += ", " + f.Min + " to " + f.Max
	case f.Above:
		out += ", above " + f.Min
	case f.Min != "":
		out += ", at least " + f.Min
	case f.Max != "":
		out += ", at most " + f.Max
	}
	if f.Required {
		out += ", required"
	}
	return out
}

// wrap writes text in lines of at most width letters.
func wrap(to io.Writer, indent, text string) {
	line := ""
	for _, word := range strings.Fields(cmp.Or(text, "-")) {
		if line != "" && utf8.RuneCountInString(indent+line+" "+word) > width {
			fmt.Fprintln(to, indent+line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	fmt.Fprintln(to, indent+line)
}
