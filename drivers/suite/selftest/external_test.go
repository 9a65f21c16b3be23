//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOthersAreRead: requests of clients that give them no id are those of the server's record in the order in which they began.
func TestOthersAreRead(t *testing.T) {
	s := scenario{tokens: 4, prompts: 2, bound: 2}
	rows, err := heyRows("response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\n"+
		"0.0030,0.0005,0.0000,0.0001,0.0014,0.0010,200,0.0200\n0.0020,0.0000,0.0000,0.0001,0.0009,0.0010,200,0.0100\n", s)
	if err != nil {
		t.Fatal(err)
	}
	truth, err := readTruth(strings.NewReader(",2000000,2500000,3000000,4\n,1000000,1800000,1900000,4\n,500,600,700,1\n"))
	if err != nil {
		t.Fatal(err)
	}
	m := measured{scenario: s, rows: rows, truth: truth}
	m.place()
	if first := m.rows[0]; first.sent != time.Millisecond || first.first != 2*time.Millisecond || first.last != 3*time.Millisecond {
		t.Errorf("%+v", first)
	}
	if got := m.errorAt(50); got < 0.84 || got > 0.86 { // 1.0 against 0.8, and 2.0 against 0.5
		t.Errorf("a TTFT error of %g ms", got)
	}
	if _, err := heyRows("response-time\n0.1,0,0,0,0,0,503,0\n", s); err == nil {
		t.Error("a failed request passed")
	}
	dir := t.TempDir()
	text := `{"benchmarks":[{"requests":{"successful":[{"start_time":10.5,"first_token_time":10.6,"last_token_time":10.9,"output_tokens":4},{"start_time":10.25,"first_token_time":10.5,"last_token_time":10.75,"output_tokens":4}]}}]}`
	if err := os.WriteFile(filepath.Join(dir, "guidellm.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if rows, err = guidellmRows(dir, "", s); err != nil || len(rows) != 2 || rows[0].id != "#0" || rows[0].first != 250*time.Millisecond || rows[0].last != 500*time.Millisecond {
		t.Errorf("%+v %v", rows, err)
	}
}

// TestTargets: every figure of every scenario has a target, so that make bench says of each whether it is met.
func TestTargets(t *testing.T) {
	for _, s := range scenarios {
		for _, f := range s.figures {
			if f.target == none {
				t.Errorf("%s: %s has none", s.name, f.name)
			}
		}
	}
}
