package arguments

import (
	"fmt"
	"slices"
	"strings"
)

// Finding is something wrong with one option of a manifest.
type Finding struct {
	Arg     string // as the manifest has it
	Message string // a statement about it
	Hint    string // what to write instead; can be empty
	Warning bool   // it is accepted all the same
}

// Check compares options, without dashes, with those that a program knows; true stands for --NAME, false for --no-NAME. Nothing
// is found when nothing is known. Findings are sorted by option.
func Check(known []Option, args map[string]any, suggest func(name string, among []string) string) (out []Finding) {
	if len(known) == 0 {
		return nil
	}
	names := map[string]Option{}
	var all []string
	for _, o := range known {
		for _, n := range o.Names {
			names[canonical(n)] = o
			all = append(all, n)
		}
	}
	for arg, value := range args {
		name := canonical(arg)
		if value == false {
			name = "no-" + name
		}
		o, ok := names[name]
		switch {
		case !ok && value == false && names[canonical(arg)].Names != nil:
			out = append(out, Finding{Arg: arg, Message: "cannot be switched off: the server has no --" + name, Hint: "leave it out"})
		case !ok:
			f := Finding{Arg: arg, Message: "is no option of this version of the server"}
			if near := suggest(canonical(arg), all); near != "" {
				f.Hint = "did you mean " + near + "?"
			}
			out = append(out, f)
		case o.Deprecated:
			out = append(out, Finding{Arg: arg, Message: "is deprecated in this version of the server", Warning: true})
		}
		if word, text := value.(string); ok && text && len(o.Choices) > 0 && !slices.Contains(o.Choices, word) {
			out = append(out, Finding{Arg: arg, Message: fmt.Sprintf("must be one of %s, found %.80q", strings.Join(o.Choices, ", "), word)})
		}
		if off, both := args["no-"+arg]; both && off == true && value != false {
			out = append(out, Finding{Arg: "no-" + arg, Message: "contradicts " + arg, Hint: "remove one"})
		}
	}
	slices.SortFunc(out, func(a, b Finding) int { return strings.Compare(a.Arg+a.Message, b.Arg+b.Message) })
	return out
}

func canonical(name string) string { return strings.ReplaceAll(name, "_", "-") }
