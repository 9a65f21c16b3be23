package manual

import (
	"fmt"
	"strings"

	"assay/api/v1alpha1/fields"
)

// Fields is the reference of the manifest: every field of an experiment and of a site.
func Fields() Page {
	var b strings.Builder
	b.WriteString(`# The fields of a manifest

Every field with its type, meaning and default. ` + "`assay explain FIELD`" + ` prints one with an example; ` + "`assay schema`" + ` is for editors.
`)
	kind := ""
	for _, p := range fields.All() {
		if p.Kind != kind {
			kind = p.Kind
			fmt.Fprintf(&b, "\n## %s\n\n", kind)
		}
		fmt.Fprintf(&b, "- `%s` (%s): %s", p.Path, escape(p.Field.Form()), sentence(escape(p.Field.Meaning)))
		if d := p.Field.Default; d != "" {
			fmt.Fprintf(&b, " Default: %s.", strings.TrimSuffix(escape(d), "."))
		}
		b.WriteString("\n")
	}
	return page("fields", b.String())
}

// sentence ends with a full stop.
func sentence(text string) string {
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// escape keeps words of the code from being read as Markdown.
var escape = strings.NewReplacer(`*`, `\*`, `_`, `\_`, `<`, `\<`, `>`, `\>`, `|`, `\|`, "`", "\\`", `[`, `\[`, `]`, `\]`).Replace
