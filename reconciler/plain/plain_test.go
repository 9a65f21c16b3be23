package plain

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\nof lines":                   "plain\ttext\nof lines",
		"\x1b[1;32mINFO\x1b[0m: ok":               "INFO: ok",
		"\x1b[2J\x1b[H":                           `\u001b[2J\u001b[H`,
		"\x1b]52;c;cm0gLXJm\x07":                  `\u001b]52;c;cm0gLXJm\u0007`,
		"\x1b]8;;http://evil\x1b\\good":           `\u001b]8;;http://evil\u001b\good`,
		"\u009b31m\u009d":                         `\u009b31m\u009d`,
		"\x9b31m":                                 "\ufffd31m",
		"user\u202egnp.exe\u2066x":                `user\u202egnp.exe\u2066x`,
		"pay\u200bpal \ufeffx\u00ad":              `pay\u200bpal \ufeffx\u00ad`,
		"a\u200db":                                `a\u200db`,
		"👩\u200d🚀 ن\u200cم":                       "👩\u200d🚀 ن\u200cم",
		"10 %\r20 %\r\ndone\r":                    "10 %\n20 %\ndone\n",
		"cut \xe2\x80":                            "cut \ufffd\ufffd",
		"ü 日本語 é":                                 "ü 日本語 é",
		"\x00\x07\x7f\b":                          `\u0000\u0007\u007f\u0008`,
		"a\u2028b":                                `a\u2028b`,
		"\U000e0041":                              `\udb40\udc41`,
		"\x1b":                                    `\u001b`,
		"\x1b[" + strings.Repeat("1;", 100) + "m": `\u001b[` + strings.Repeat("1;", 100) + "m",
	} {
		if got := Text(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := Line("a\nb\tc\r\nd\x1b"); got != `a b c d\u001b` {
		t.Errorf("%q", got)
	}
}

// TestJSONMeansTheSame: what is cleaned inside a JSON document is the same document.
func TestJSONMeansTheSame(t *testing.T) {
	const value = "\u202e\u009b \U000e0041 ü"
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := json.Unmarshal([]byte(Text(string(b))), &got); err != nil || got != value {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzText: no text lets a control through, cleaning twice changes nothing, and pieces make no difference.
func FuzzText(f *testing.F) {
	for _, s := range []string{"\x1b[31mred", "\x1b]0;title\a", "a\u200d\u200d\u00e9", "\r\r\n", "\xff\xe2\x80\xae", "é\u200dé"} {
		f.Add(s, 1, 3)
	}
	f.Fuzz(func(t *testing.T, s string, i, j int) {
		got := Text(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		for _, r := range got {
			if deceptive(r) && r != '\u200c' && r != '\u200d' || unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Fatalf("%q has %U", got, r)
			}
		}
		if again := Text(got); again != got {
			t.Fatalf("%q became %q", got, again)
		}
		i, j = min(max(0, i), len(s)), min(max(0, j), len(s))
		var b bytes.Buffer
		w := NewWriter(&b)
		for _, piece := range []string{s[:min(i, j)], s[min(i, j):max(i, j)], s[max(i, j):]} {
			if n, err := w.Write([]byte(piece)); n != len(piece) || err != nil {
				t.Fatal(n, err)
			}
		}
		if err := w.Flush(); err != nil || b.String() != got {
			t.Fatalf("in pieces %q, whole %q, %v", b.String(), got, err)
		}
	})
}

// TestPieces is the property of the fuzz target with texts of nothing but trouble.
func TestPieces(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	parts := []string{"\x1b", "[", "3", ";", "m", "\r", "\n", "\u200d", "é", "a", "\u202e", "\xe2", "\x80", "\u009b", "👩"}
	for range 20_000 {
		var s strings.Builder
		for range rnd.IntN(12) {
			s.WriteString(parts[rnd.IntN(len(parts))])
		}
		text := s.String()
		var b bytes.Buffer
		w := NewWriter(&b)
		for rest := []byte(text); len(rest) > 0; {
			n := 1 + rnd.IntN(len(rest))
			_, _ = w.Write(rest[:n])
			rest = rest[n:]
		}
		_ = w.Flush()
		if want := Text(text); b.String() != want {
			t.Fatalf("%q: %q in pieces, %q whole", text, b.String(), want)
		}
	}
}

func TestAFailedWriteIsSaid(t *testing.T) {
	full := errors.New("full")
	if _, err := NewWriter(failing{full}).Write([]byte("x")); !errors.Is(err, full) {
		t.Error(err)
	}
}

type failing struct{ error }

func (f failing) Write([]byte) (int, error) { return 0, f.error }

func TestCells(t *testing.T) {
	for in, want := range map[string]string{
		"=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0", "+1+1": "'+1+1", "-2+3": "'-2+3", "@SUM(A1)": "'@SUM(A1)", "\t=1": "' =1", " =1": "' =1",
		"-0.5": "-0.5", "+7e3": "+7e3", "ok": "ok", "": "", "a\nb": "a b", "\r=1": "' =1", "-Inf": "-Inf",
	} {
		if got := Cell(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	var b bytes.Buffer
	_ = csv.NewWriter(&b).Write([]string{Cell("=1,\"\n2")})
}

func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"<img src=x onerror=alert(1)>": "&lt;img src=x onerror=alert(1)&gt;", "[click](http://evil)": `\[click\](http&#58;//evil)`,
		"a|b\nc": `a\|b c`, "`code`": "\\`code\\`", `back\slash`: `back\\slash`, "www.evil.com": "www&#46;evil.com", "ttft_p99_ms ≤ 500": "ttft_p99_ms ≤ 500",
		"&lt;": "&amp;lt;",
	} {
		if got := Markdown(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
