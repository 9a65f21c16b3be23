package manual

import (
	"fmt"
	"strings"
	"time"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

// Man is a page for man(1), in section 7 under the name assay-NAME.
func Man(p Page, version string, at time.Time) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%% \"ASSAY-%s\" \"7\" \"%s\" \"%s\" \"assay\"\n\n# NAME\n\nassay-%s - %s\n\n# DESCRIPTION\n", strings.ToUpper(p.Name), at.Format("Jan 2006"), version, p.Name, escape(p.Title))
	_, body, _ := strings.Cut(p.Text, "\n")
	fenced := false
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			line = "```\n" // the word behind a fence is for the tests
		}
		if !fenced && strings.HasPrefix(line, "##") {
			line = line[1:] // sections of the page are sections of the manual
		}
		b.WriteString(line)
	}
	return md2man.Render([]byte(b.String()))
}
