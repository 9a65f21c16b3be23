package text

import (
	"bytes"
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Duration(-time.Second), "0s"},
		{Duration(119 * time.Second), "119s"},
		{Duration(5 * time.Minute), "5m"},
		{Duration(5*time.Minute + 7*time.Second), "5m7s"},
		{Duration(30*time.Minute + 7*time.Second), "30m"},
		{Duration(3*time.Hour + 12*time.Minute), "3h12m"},
		{Duration(52 * time.Hour), "2d4h"},
		{Age(time.Time{}), "-"},
		{Age(time.Now().Add(-90 * time.Second)), "90s"},
		{Left(time.Time{}), "-"},
		{Left(time.Now().Add(time.Hour + time.Second)), "60m"},
		{Dash(""), "-"},
		{Bytes(1023), "1023 B"},
		{Bytes(1536), "1.5 KiB"},
		{Bytes(3 << 30), "3.0 GiB"},
		{Command([]string{"vllm", "serve", "it's", "--port", "80", "-x"}), "vllm serve 'it'\\''s' \\\n        --port 80 \\\n        -x"},
		{Command([]string{"a", ""}), "a ''"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// TestTable aligns, TSV separates by tabs; both keep one line a row, and change nothing of what they were given.
func TestTable(t *testing.T) {
	var out bytes.Buffer
	rows := [][]string{{"a", "b\nc\x1b[31m"}}
	Table(&out, []string{"X", "Y"}, rows)
	TSV(&out, []string{"X", "Y"}, rows)
	if got, want := out.String(), "X   Y\na   b c\nX\tY\na\tb c\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if rows[0][1] != "b\nc\x1b[31m" {
		t.Errorf("the row became %q", rows[0][1])
	}
}

// TestProgress redraws on a terminal and is silent elsewhere at first.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out, 2)
	p.Show(1, "a")
	if out.Len() > 0 {
		t.Errorf("printed %q at once", out.String())
	}
	p.next = time.Time{}
	p.Show(1, "a")
	if out.String() != "1 of 2 files\n" {
		t.Errorf("printed %q", out.String())
	}
	out.Reset()
	p.tty = true
	p.Show(1, "a")
	p.Show(2, "b")
	if got, want := out.String(), "\r\x1b[2K1 of 2 files  a\r\x1b[2K"; got != want {
		t.Errorf("drawn %q, want %q", got, want)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text  string
		n     int
		cut   string
		front string
	}{
		{"abc", 3, "abc", "abc"},
		{"abcd", 3, "ab…", "…cd"},
		{"検索サービス", 6, "検索…", "…ビス"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…", "…e\u0301"},
		{"abc", 0, "", ""},
		{"abc", 1, "…", "…"},
	} {
		if cut, front := Cut(c.text, c.n), CutFront(c.text, c.n); cut != c.cut || front != c.front {
			t.Errorf("%q in %d: %q and %q, want %q and %q", c.text, c.n, cut, front, c.cut, c.front)
		}
	}
}

// TestTableOnATerminal: columns are as wide as their texts look, and words that say how something is have colours.
func TestTableOnATerminal(t *testing.T) {
	got := TableLines([]string{"NAME", "READY", "STATUS", "N"}, [][]string{{"検索", "1/1", "Ready", "1"}, {"e\u0301", "0/1", "Stalled", "2"}, {"\x1b[31mx", "True", "WaitingForTarget", "Ready"}}, true)
	want := []string{
		"NAME   READY   STATUS             N",
		"検索   \x1b[32m1/1\x1b[0m     \x1b[32mReady\x1b[0m              1",
		"e\u0301      \x1b[33m0/1\x1b[0m     \x1b[31mStalled\x1b[0m            2",
		"x      \x1b[32mTrue\x1b[0m    \x1b[2mWaitingForTarget\x1b[0m   Ready",
	}
	for i, l := range got {
		if l != want[i] {
			t.Errorf("%q, want %q", l, want[i])
		}
	}
}
