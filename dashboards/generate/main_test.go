package main

import (
	"os"
	"path/filepath"
	"regexp/syntax"
	"strings"
	"testing"

	"assay/reconciler/results"
)

// TestCommitted: the files are what the tables make, and no others are there.
func TestCommitted(t *testing.T) {
	want := map[string]bool{}
	for _, b := range all() {
		made, err := b.json()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("..", b.uid+".json")
		want[file] = true
		committed, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(made) != string(committed) {
			t.Errorf("%s is not what its table makes: run go generate ./dashboards", file)
		}
	}
	files, err := filepath.Glob(filepath.Join("..", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !want[f] {
			t.Errorf("%s is no dashboard of this program: remove it", f)
		}
	}
}

// TestMetricsAreDeclared: every name that a pattern of results spells out is a metric of the catalogue.
func TestMetricsAreDeclared(t *testing.T) {
	spelt := 0
	for _, b := range all() {
		for _, p := range b.panels {
			for _, name := range spellings(t, p.metrics) {
				spelt++
				if _, ok := results.Lookup(name); !ok {
					t.Errorf("%s: %q shows %s, which no suite writes", b.uid, p.title, name)
				}
			}
		}
	}
	if spelt < 20 {
		t.Errorf("only %d names are spelt out: the walk is broken", spelt)
	}
}

// TestUndeclaredMetricsAreRefused: a panel of a metric that does not exist, or of metrics of two units, is not built.
func TestUndeclaredMetricsAreRefused(t *testing.T) {
	for pattern, want := range map[string]string{"ttft_p98_ms": "not a metric", "(ttft_p99_ms|output_throughput)": "several units", "(": "missing closing"} {
		_, err := board{panels: []panel{measured("@,", pattern, panel{title: "x"})}}.json()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

// spellings are the texts that a pattern matches; none when their number has no bound.
func spellings(t *testing.T, pattern string) []string {
	t.Helper()
	if pattern == "" {
		return nil
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	out, finite := texts(re)
	if !finite {
		return nil
	}
	return out
}

func texts(re *syntax.Regexp) (out []string, finite bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}, true
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpCapture:
		return texts(re.Sub[0])
	case syntax.OpQuest:
		out, finite = texts(re.Sub[0])
		return append(out, ""), finite
	case syntax.OpAlternate, syntax.OpConcat:
		if re.Op == syntax.OpConcat {
			out = []string{""}
		}
		for _, sub := range re.Sub {
			more, ok := texts(sub)
			if !ok {
				return nil, false
			}
			if re.Op == syntax.OpAlternate {
				out = append(out, more...)
				continue
			}
			var longer []string
			for _, a := range out {
				for _, b := range more {
					longer = append(longer, a+b)
				}
			}
			out = longer
		}
		return out, true
	}
	return nil, false
}
