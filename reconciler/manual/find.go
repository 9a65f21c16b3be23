package manual

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Find is the page of a name; an error names the nearest one.
func Find(all []Page, name string, others ...string) (Page, error) {
	name = strings.ToLower(strings.TrimSuffix(name, ".md"))
	near, least := "", len(name)/2+1
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
		others = append(others, p.Name)
	}
	for _, o := range others {
		d := levenshtein.ComputeDistance(name, o)
		if strings.HasPrefix(o, name) && len(name) > 2 {
			d = 0
		}
		if d < least {
			near, least = o, d
		}
	}
	if near != "" {
		return Page{}, fmt.Errorf("there is no page or verb %q; did you mean: assay help %s", name, near)
	}
	return Page{}, fmt.Errorf("there is no page or verb %q; type: assay help", name)
}

// List writes the names and titles of pages, one a line.
func List(all []Page) string {
	wide := 0
	for _, p := range all {
		wide = max(wide, len(p.Name))
	}
	var b strings.Builder
	for _, p := range all {
		fmt.Fprintf(&b, "  %-*s  %s\n", wide, p.Name, p.Title)
	}
	return b.String()
}
