package arguments

import (
	"fmt"
	"slices"
	"strings"

	"assay/api/v1alpha1"
)

// Check compares options, without dashes, with those that a program knows; true stands for --NAME, false for --no-NAME. Nothing
// is found when nothing is known. at is the path of the options in the manifest; findings are sorted.
func Check(known []Option, at string, args map[string]any) (out []v1alpha1.Finding) {
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
	add := func(arg, message, hint string, warning bool) {
		out = append(out, v1alpha1.Finding{Path: at + "[" + arg + "]", Message: message, Hint: hint, Warning: warning})
	}
	for arg, value := range args {
		name := canonical(arg)
		if value == false {
			name = "no-" + name
		}
		o, ok := names[name]
		switch {
		case !ok && value == false && names[canonical(arg)].Names != nil:
			add(arg, "cannot be switched off: the server has no --"+name, "leave it out", false)
		case !ok:
			hint := ""
			if near := v1alpha1.Nearest(canonical(arg), all); near != "" {
				hint = "did you mean " + near + "?"
			}
			add(arg, "is not an option of this version of the server", hint, false)
		case o.Deprecated:
			add(arg, "is deprecated in this version of the server", "", true)
		}
		if word, text := value.(string); ok && text && len(o.Choices) > 0 && !slices.Contains(o.Choices, word) {
			add(arg, fmt.Sprintf("must be one of %s, found %.80q", strings.Join(o.Choices, ", "), word), "", false)
		}
		if off, both := args["no-"+arg]; both && off == true && value != false {
			add("no-"+arg, "contradicts "+arg, "remove one", false)
		}
	}
	slices.SortFunc(out, func(a, b v1alpha1.Finding) int { return strings.Compare(a.Path+a.Message, b.Path+b.Message) })
	return out
}

func canonical(name string) string { return strings.ReplaceAll(name, "_", "-") }
