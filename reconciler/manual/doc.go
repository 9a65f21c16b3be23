// Package manual is the manual in the binary: `assay help TOPIC`, and section 7 of the man pages.
//
//	page.go      Page and Written: the pages that people wrote, in the folder text
//	fields.go    Fields: the reference of the manifest, from package fields
//	metrics.go   Metrics: the catalogue of results, and what Prometheus can be asked for
//	reasons.go   Reasons: every reason, from the comments of the sources that declare them
//	verbs.go     Verbs and ExitCodes: from what the command line says of itself
//	find.go      Find: a page by its name, or what it is nearly called
//	terminal.go  Print: a page for a terminal of a width; inline.go  what stands in a line; grid.go  tables
//	man.go       Man: a page for man(1)
//
// A page is Markdown, so that it can be read where the repository is hosted, too. What can be generated is generated when it is
// asked for, from the code of this very binary; so it is never older than what it describes. Tests take every block of code out of
// the pages and of README.md: commands have to parse or are run, and YAML has to be valid.
//
// Dependencies: github.com/russross/blackfriday/v2 parses Markdown, and github.com/cpuguy83/go-md2man/v2 writes it as a man page;
// the man pages of the verbs (cobra/doc) bring both along, so they add nothing to the binary.
package manual
