package manual

import (
	"cmp"
	"embed"
	"path"
	"slices"
	"strings"
)

// Page is one page of the manual.
type Page struct {
	Name  string // what `assay help` is asked for
	Title string // one line
	Text  string // Markdown, with the title as its first heading
}

//go:embed text/*.md
var written embed.FS

// order is that in which pages are listed: what a newcomer reads first comes first. Others follow by their names.
var order = []string{"tutorial", "tutorial-slurm", "meluxina", "laptop", "concepts", "manifest", "sites", "benchmarks", "lasting", "git", "security", "faq", "alternatives", "extending"}

// Written are the pages that people wrote.
func Written() (out []Page) {
	files, err := written.ReadDir("text")
	if err != nil {
		panic("pages: reading the pages in this binary: " + err.Error()) // they were compiled
	}
	for _, f := range files {
		text, err := written.ReadFile(path.Join("text", f.Name()))
		if err != nil {
			panic("pages: reading the pages in this binary: " + err.Error())
		}
		if f.Name() != prometheusFile {
			out = append(out, page(strings.TrimSuffix(f.Name(), ".md"), string(text)))
		}
	}
	slices.SortFunc(out, func(a, b Page) int { return cmp.Or(place(a.Name)-place(b.Name), strings.Compare(a.Name, b.Name)) })
	return out
}

// page takes the title from the first line.
func page(name, text string) Page {
	title, _, _ := strings.Cut(text, "\n")
	return Page{Name: name, Title: strings.TrimPrefix(title, "# "), Text: text}
}

func place(name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}
