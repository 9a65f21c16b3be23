package reconciler

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// goFile is a word of a doc that names a Go file.
var goFile = regexp.MustCompile(`[\w./-]*\w\.go\b`)

// listed is how many of its own files a doc names before it counts as a list of them, which has to be whole.
const listed = 3

// TestPackageDocsAreTrue: every package has one doc, each file that it names exists, and a list of files is whole.
func TestPackageDocsAreTrue(t *testing.T) {
	_, folders := house(t)
	exists := func(name string) bool { _, err := os.Stat(filepath.Join(root, name)); return err == nil }
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		for _, fault := range docFaults(dir, folders[dir], exists) {
			t.Error(fault)
		}
	}
}

// docFaults lists what is wrong with the doc of the package in a folder.
func docFaults(dir string, files []source, exists func(path string) bool) (faults []string) {
	fault := func(format string, v ...any) { faults = append(faults, dir+": "+fmt.Sprintf(format, v...)) }
	var doc, in string
	for _, s := range files {
		if text := s.file.Doc.Text(); text != "" {
			if doc != "" {
				fault("%s and %s both have a package doc", path.Base(in), path.Base(s.path))
			}
			doc, in = text, s.path
		}
	}
	if doc == "" {
		fault("it has no package doc")
	}
	named := map[string]bool{}
	for _, word := range goFile.FindAllString(doc, -1) {
		switch own := path.Join(dir, word); {
		case exists(own):
			if path.Dir(own) == dir {
				named[path.Base(own)] = true
			}
		case !exists(word):
			fault("%s names %s, which does not exist", in, word)
		}
	}
	if len(named) < listed {
		return faults
	}
	var missing []string
	for _, s := range files {
		if name := path.Base(s.path); s.path != in && !named[name] { // the list need not name the file that it is in
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		fault("%s lists files without %s", in, strings.Join(missing, ", "))
	}
	return faults
}

// TestFalseDocsAreFound shows that the check can fail.
func TestFalseDocsAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string // name -> package doc
		want  string            // a part of the one fault; empty: none
	}{
		"none":                             {map[string]string{"a.go": ""}, "no package doc"},
		"two":                              {map[string]string{"a.go": "Package d is a.", "b.go": "Package d is b."}, "both have a package doc"},
		"one":                              {map[string]string{"a.go": "Package d is a.", "b.go": ""}, ""},
		"names a file that is gone":        {map[string]string{"doc.go": "Package d is in gone.go."}, "names gone.go, which does not exist"},
		"names a path that is gone":        {map[string]string{"doc.go": "Package d is in drivers/gone.go."}, "names drivers/gone.go"},
		"names a path":                     {map[string]string{"doc.go": "Package d uses drivers/tag.go."}, ""},
		"names two of four":                {map[string]string{"doc.go": "Package d: a.go, b.go.", "a.go": "", "b.go": "", "c.go": "", "e.go": ""}, ""},
		"lists three of four":              {map[string]string{"doc.go": "Package d: a.go, b.go and c.go.", "a.go": "", "b.go": "", "c.go": "", "e_linux.go": ""}, "lists files without e_linux.go"},
		"lists all, itself aside":          {map[string]string{"doc.go": "Package d: a.go, b.go and c.go.", "a.go": "", "b.go": "", "c.go": ""}, ""},
		"lists all, and a file of another": {map[string]string{"doc.go": "Package d: a.go, b.go and c.go; see drivers/tag.go.", "a.go": "", "b.go": "", "c.go": ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			there := map[string]bool{"drivers/tag.go": true}
			var files []source
			for file, doc := range c.files {
				text := "package d\n"
				if doc != "" {
					text = "// " + doc + "\n" + text
				}
				files = append(files, snippet(t, "d/"+file, text))
				there["d/"+file] = true
			}
			got := docFaults("d", files, func(name string) bool { return there[path.Clean(name)] })
			if (c.want == "") != (len(got) == 0) || len(got) > 1 || len(got) == 1 && !strings.Contains(got[0], c.want) {
				t.Errorf("faults %q, want %q", got, c.want)
			}
		})
	}
}
