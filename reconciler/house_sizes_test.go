package reconciler

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// What a reader can hold: in lines.
const (
	mostOfFile     = 300
	mostOfFunction = 60
	mostOfMedian   = 110  // of all files
	mostOfCommands = 8700 // of cmd/assay
)

// TestSizes: files and functions stay short, and cmd/assay holds verbs alone. Tests are exempt.
func TestSizes(t *testing.T) {
	all, _ := house(t)
	for _, fault := range sizeFaults(all) {
		t.Error(fault)
	}
}

func sizeFaults(all []source) (faults []string) {
	fault := func(format string, v ...any) { faults = append(faults, fmt.Sprintf(format, v...)) }
	var lines []int
	commands := 0
	for _, s := range all {
		lines = append(lines, s.lines)
		if strings.HasPrefix(s.path, "cmd/assay/") {
			commands += s.lines
		}
		if s.lines > mostOfFile {
			fault("%s has %d lines, more than %d: split it by decision", s.path, s.lines, mostOfFile)
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1; n > mostOfFunction {
				fault("%s: %s has %d lines, more than %d", s.set.Position(f.Pos()), f.Name.Name, n, mostOfFunction)
			}
		}
	}
	slices.Sort(lines)
	if median := lines[len(lines)/2]; median > mostOfMedian {
		fault("the median file has %d lines, more than %d", median, mostOfMedian)
	}
	if commands > mostOfCommands {
		fault("cmd/assay has %d lines, more than %d: what knows more than flags belongs to a package", commands, mostOfCommands)
	}
	return faults
}

// TestLargeFilesAreFound shows that the check can fail.
func TestLargeFilesAreFound(t *testing.T) {
	function := func(lines int) string { return "func f() {\n" + strings.Repeat("\tg()\n", lines-2) + "}\n" }
	file := func(name string, lines int) source {
		return snippet(t, name, "package a\n"+strings.Repeat("// x\n", lines-1))
	}
	for name, c := range map[string]struct {
		files []source
		want  string
	}{
		"small":           {[]source{file("a.go", 100), snippet(t, "b.go", "package a\n"+function(60))}, ""},
		"a long file":     {[]source{file("a.go", 10), file("b.go", 10), file("c.go", 301)}, "c.go has 301 lines"},
		"a long function": {[]source{snippet(t, "a.go", "package a\n"+function(61))}, "f has 61 lines"},
		"a long house":    {[]source{file("a.go", 10), file("b.go", 111), file("c.go", 111)}, "the median file has 111 lines"},
		"many commands":   {slices.Repeat([]source{file("cmd/assay/a.go", 100)}, mostOfCommands/100+1), "lines, more than " + fmt.Sprint(mostOfCommands)},
	} {
		got := sizeFaults(c.files)
		if (c.want == "") != (len(got) == 0) || len(got) > 1 || len(got) == 1 && !strings.Contains(got[0], c.want) {
			t.Errorf("%s: faults %q, want %q", name, got, c.want)
		}
	}
}
