package manual

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sample = "# A page\n\nA paragraph of `code`, with a [link](other.md), [`assay help other`](other.md), a [file](../../../examples/x.yaml)\nand *words* " +
	"that go on until they do not fit.\n\n## A part\n\n- one\n- two, which is so long that it has to go on in another line\n  1. inner\n\n" +
	"```sh\ntyped   as it is\n```\n\n| Word | Meaning |\n|---|---|\n| `a` | short |\n| `b` | so long that it is broken into two lines |\n"

const printed = `A page
======

A paragraph of ` + "`code`" + `, with a link
(` + "`assay help other`), `assay help other`" + `,
a file (examples/x.yaml) and words that
go on until they do not fit.

A part
------

- one
- two, which is so long that it has to go
  on in another line
  1. inner

    typed   as it is

Word  Meaning
----  -----------------------------------
` + "`a`" + `   short
` + "`b`" + `   so long that it is broken into two
      lines
`

func TestPrint(t *testing.T) {
	var b bytes.Buffer
	if err := Print(&b, page("a", sample), 42); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(printed, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestPagesFit: no line of a page but of its code is longer than a terminal is wide, whatever its width.
func TestPagesFit(t *testing.T) {
	for _, p := range append(Written(), Fields(), Metrics()) {
		for _, columns := range []int{80, 100, 200} {
			var b bytes.Buffer
			if err := Print(&b, p, columns); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if words := strings.Fields(line); len([]rune(line)) > columns && len(words) > 2 && !strings.HasPrefix(line, "    ") {
					t.Errorf("%s at %d columns: %s", p.Name, columns, line)
				}
			}
		}
		if !strings.HasPrefix(p.Text, "# "+p.Title+"\n") || strings.Contains(p.Text, "—") || strings.Contains(p.Text, "\t") {
			t.Errorf("%s: a page begins with its title, and holds no dashes between words and no tabs", p.Name)
		}
	}
}

func TestMan(t *testing.T) {
	got := string(Man(page("a", sample), "assay v1", time.Unix(0, 0).UTC()))
	for _, want := range []string{`.TH "ASSAY-A" "7" "Jan 1970" "assay v1" "assay"`, `assay-a \- A page`, ".SH A part", "typed   as it is", ".TS"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks in:\n%s", want, got)
		}
	}
}

func TestFind(t *testing.T) {
	all := []Page{page("tutorial", "# T\n"), page("tutorial-slurm", "# S\n"), page("faq", "# F\n")}
	for name, want := range map[string]string{
		"faq": "", "FAQ": "", "tutorial.md": "",
		"tutorail": "did you mean: assay help tutorial",
		"tut":      "did you mean: assay help tutorial",
		"aply":     "did you mean: assay help apply",
		"qqqqqqqq": "type: assay help",
	} {
		_, err := Find(all, name, "apply")
		if (err == nil) != (want == "") || err != nil && !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// TestReasonsOfSources: groups keep their comments, words that are declared elsewhere have their own name, and a source without
// any is an error.
func TestReasonsOfSources(t *testing.T) {
	p, err := Reasons(Words{Title: "T", Source: "package a\nconst (\n\t// What it waits for: see wait.go.\n\tA Reason = \"A\" // first: wait\n\tReasonB = drivers.ReasonB\n\n\t// What ends.\n\tC = \"C\"\n\tn = 4\n)\n",
		Advice: func(word string) string { return map[string]string{"B": "read"}[word] }})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nWhat it waits for.\n", "| `A` | First: wait. |", "| `B` | Read |", "\nWhat ends.\n", "| `C` | - |"} {
		if !strings.Contains(p.Text, want) {
			t.Errorf("%q lacks in:\n%s", want, p.Text)
		}
	}
	if _, err := Reasons(Words{Title: "T", Source: "package a\n"}); err == nil {
		t.Error("a source without reasons passes")
	}
}

func TestExitCodes(t *testing.T) {
	p := ExitCodes([]ExitCode{{0, "ok"}}, []Verb{
		{Path: "assay one", Long: "It does.\n\nExit codes: 0 yes, 1\nno.\n\nMore."}, {Path: "assay two", Short: "Look; exit 0 same, 1 other"}, {Path: "assay three", Short: "Plain"}})
	for _, want := range []string{"| 0 | ok |", "| `assay one` | 0 yes, 1 no. |", "| `assay two` | 0 same, 1 other |"} {
		if !strings.Contains(p.Text, want) {
			t.Errorf("%q lacks in:\n%s", want, p.Text)
		}
	}
	if strings.Contains(p.Text, "three") {
		t.Error("a verb without codes of its own is listed")
	}
}
