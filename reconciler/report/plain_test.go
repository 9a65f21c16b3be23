package report

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// TestTextOfServersIsPlain: what a server put into a result moves no terminal, is no formula, no link and no HTML in any form
// of the report.
func TestTextOfServersIsPlain(t *testing.T) {
	const evil = "=HYPERLINK(\"http://evil\")\x1b]52;c;x\a\u202egpj.exe<img src=x onerror=alert(1)>[click](http://evil)|x\ny"
	row := results.Row{Experiment: "e", Benchmark: "b", Repeat: 1, Run: "b-1", Revision: "r", Phase: v1alpha1.RunFailed, Point: map[string]string{"p": evil},
		Reasons: []drivers.Reason{{Reason: "X", Message: evil}}, Versions: map[string]string{"server": evil}, Host: map[string]string{"node": evil},
		Nodes: []string{evil}, JobID: evil, Started: time.Unix(1, 0)}
	r := Build(Input{Experiment: "e", Generated: time.Unix(2, 0), Measured: []Measured{{Generation: 1, Rows: []results.Row{row}}},
		Gates: []gate.Verdict{{Benchmark: "b", Gate: evil, Verdict: gate.NoGo, Reason: evil}}})
	html, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	table, err := r.CSV()
	if err != nil {
		t.Fatal(err)
	}
	jsonText, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"HTML": string(html), "Markdown": r.Markdown(), "CSV": string(table), "JSON": string(jsonText)} {
		for _, bad := range []string{"\x1b", "\a", "\u202e"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
	}
	for _, bad := range []string{"<img", "[click](", "http://evil"} {
		if strings.Contains(r.Markdown(), bad) {
			t.Errorf("Markdown has %s:\n%s", bad, r.Markdown())
		}
	}
	if strings.Contains(string(html), "<img") {
		t.Error("HTML has an image")
	}
	rows, err := csv.NewReader(strings.NewReader(string(table))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range rows {
		for _, c := range line {
			if strings.HasPrefix(c, "=") {
				t.Errorf("a cell is a formula: %q", c)
			}
		}
	}
	if row.Reasons[0].Message != evil {
		t.Error("what the report is made of was changed")
	}
}
