package manual

import (
	"fmt"
	"regexp"
	"strings"
)

// Verb is a command as it describes itself.
type Verb struct {
	Path  string // assay get
	Use   string // with its arguments
	Short string
	Long  string
	Flags []Flag
}

// Flag is an option of a verb.
type Flag struct{ Name, Usage string }

// Verbs is the reference of the command line.
func Verbs(all []Verb, global []Flag) Page {
	var b strings.Builder
	b.WriteString("# The verbs\n\nEvery verb with its options; `assay VERB --help` says more, and so does `man assay-VERB`.\n\nOptions of every verb:\n\n")
	writeFlags(&b, global)
	for _, v := range all {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n    %s\n", v.Path, sentence(escape(v.Short)), v.Use)
		if len(v.Flags) > 0 {
			b.WriteString("\n")
			writeFlags(&b, v.Flags)
		}
	}
	return page("verbs", b.String())
}

func writeFlags(b *strings.Builder, flags []Flag) {
	for _, f := range flags {
		fmt.Fprintf(b, "- `%s`: %s\n", f.Name, escape(f.Usage))
	}
}

// ExitCode is a number with which assay ends, whatever the verb.
type ExitCode struct {
	Code    int
	Meaning string
}

// own is what a verb says of its own codes: a paragraph, or the end of its one line.
var own = regexp.MustCompile(`(?s)(?:Exit codes?:? |; exit )(.*?)(?:\n\n|$)`)

// ExitCodes is the reference of exit codes: those of every verb, and what single verbs say of their own.
func ExitCodes(common []ExitCode, all []Verb) Page {
	var b strings.Builder
	b.WriteString("# Exit codes\n\nOf every verb:\n\n| Code | Meaning |\n|---|---|\n")
	for _, c := range common {
		fmt.Fprintf(&b, "| %d | %s |\n", c.Code, escape(c.Meaning))
	}
	b.WriteString("\nVerbs that say more with theirs:\n\n| Verb | Codes |\n|---|---|\n")
	for _, v := range all {
		for _, text := range []string{v.Long, v.Short} {
			if found := own.FindStringSubmatch(text); found != nil {
				fmt.Fprintf(&b, "| `%s` | %s |\n", v.Path, escape(strings.Join(strings.Fields(found[1]), " ")))
				break
			}
		}
	}
	return page("exit-codes", b.String())
}
