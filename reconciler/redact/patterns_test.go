package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// hidden maps texts to the part of them that has to go.
var hidden = map[string]string{
	"PGPASSWORD=s3cr3tPW psql":                                                          "s3cr3tPW",
	"export OPENAI_KEY=abcdefgh12":                                                      "abcdefgh12",
	"DATABASE_URL=postgres://app:p4ssw0rd@db:5432/x":                                    "p4ssw0rd",
	"DATABASE_URL=postgres://app:p4:ss@w0rd@db:5432/x":                                  "w0rd",
	"redis://:onlypass@cache:6379":                                                      "onlypass",
	"https://ghtoken1234@github.com/a/b":                                                "ghtoken1234",
	"Authorization: s3cretvalue":                                                        "s3cretvalue",
	"authorization: Bearer s3cretvalue":                                                 "s3cretvalue",
	"Authorization: Basic dXNlcjpwYXNz":                                                 "dXNlcjpwYXNz",
	`{"Authorization": "Bearer abc.def"}`:                                               "abc.def",
	`{\"authorization\":\"Bearer abc.def\"}`:                                            "abc.def",
	"curl -H 'Authorization: token abcd1234'":                                           "abcd1234",
	"Proxy-Authorization: Basic dXNlcjpwYXNz":                                           "dXNlcjpwYXNz",
	"got Bearer abcdef123456 from client":                                               "abcdef123456",
	"mysql -u root -p hunter22":                                                         "hunter22",
	"tool --password=hunter22 run":                                                      "hunter22",
	"tool --password hunter22 run":                                                      "hunter22",
	"tool --api-key hunter22":                                                           "hunter22",
	`["vllm","serve","--api-key","hunter22"]`:                                           "hunter22",
	`["vllm","serve","--api-key=hunter22"]`:                                             "hunter22",
	"curl -u user:hunter22 http://x":                                                    "hunter22",
	"AKIAIOSFODNN7EXAMPLE":                                                              "IOSFODNN7",
	"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEX":                          "wJalrXUtnFEMI",
	"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEX":                            "K7MDENG",
	"token hf_abcdefghijklmnopqrstuvwxyz012345":                                         "hf_abcdefghijklmnop",
	"sk-proj-abcdefghijklmnop1234":                                                      "abcdefghijklmnop1234",
	"ghp_abcdefghijklmnopqrstuvwxyz0123456789":                                          "ghp_abcdefgh",
	"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end":                         "eyJzdWIi",
	`{"api_key": "abc def ghi"}`:                                                        "abc def ghi",
	`{"apiKey":"abcdefgh"}`:                                                             "abcdefgh",
	`{\"api_key\":\"abcdefgh\"}`:                                                        "abcdefgh",
	"password: hunter22":                                                                "hunter22",
	"db.password=hunter22":                                                              "hunter22",
	"GET /x?api_key=abcdefgh&n=1":                                                       "abcdefgh",
	"GET /x?X-Amz-Signature=abcdef0123&n=1":                                             "abcdef0123",
	"a=b token=abc123def456":                                                            "abc123def456",
	"x\n-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAK\n-----END RSA PRIVATE KEY-----\ny": "MIIEpAIBAAK",
	`{"key":"-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAK\n-----END PRIVATE KEY-----\n"}`:   "MIIEpAIBAAK",
	"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r":                                 "b3BlbnNzaC1r",
}

// TestPatterns hides each of them, in a text and in a stream that is cut anywhere, and leaves what stands around.
func TestPatterns(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	for text, secret := range hidden {
		if got := Patterns(text); strings.Contains(got, secret) || !strings.Contains(got, Mark) {
			t.Errorf("%q: %q", text, got)
		}
		whole := "before\n" + text + "\nafter\n"
		for range 20 {
			var b bytes.Buffer
			l := NewLines(&b)
			for _, piece := range split(rnd, whole) {
				if _, err := l.Write([]byte(piece)); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Flush(); err != nil {
				t.Fatal(err)
			}
			got := b.String()
			ends := strings.HasSuffix(got, "\nafter\n") || strings.Contains(text, "OPENSSH") // which has no end
			if strings.Contains(got, secret) || !strings.Contains(got, Mark) || !strings.HasPrefix(got, "before\n") || !ends {
				t.Fatalf("%q as a stream: %q", text, got)
			}
		}
	}
}

// TestPatternsLeaveTheRest: logs stay readable.
func TestPatternsLeaveTheRest(t *testing.T) {
	for _, text := range []string{
		"max_tokens=128 token: 42", "HF_TOKEN_PATH=/x/y", "Unexpected token: }", "basic authentication is needed", "bearer tokens are sent",
		"first token after 12 ms", "docker run -p 8080:80 x", "mkdir -p /a/b", "sort_key=3", "SORT_KEY=name", "http://host:8000/v1/models",
		"ssh://git@host/repo", "tokenizer=mistral tokens=5", "hf_transfer is on", "key: value", "2026-01-02T03:04:05 INFO engine.py:120] ready",
		"author: someone", "--max-model-len 8192", "rank=0 local_rank=0", "a - b - c", "e-mail user@host", "http://[::1]:80/x", "--host 0.0.0.0",
		"/dev/disk-by-id", "pass rate: 98 %", "compass=3",
	} {
		if got := Patterns(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// TestKeyWithoutEnd does not swallow a log.
func TestKeyWithoutEnd(t *testing.T) {
	var b bytes.Buffer
	l := NewLines(&b)
	_, _ = l.Write([]byte("-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("MIIEpAIBAAK\n", 5000) + "last\n"))
	_ = l.Flush()
	if got := b.String(); !strings.HasPrefix(got, Mark) || !strings.HasSuffix(got, "last\n") {
		t.Errorf("%d bytes are left", len(got))
	}
}

// TestLinesAreBounded holds no more than a long line back.
func TestLinesAreBounded(t *testing.T) {
	var n int
	l := NewLines(writer(func(p []byte) (int, error) { n += len(p); return len(p), nil }))
	big := bytes.Repeat([]byte("0123456789 "), 1<<18)
	if _, err := l.Write(big); err != nil {
		t.Fatal(err)
	}
	if cap(l.held) > 4*longLine || n < len(big)-longLine {
		t.Errorf("%d bytes are held, %d passed", cap(l.held), n)
	}
	if err := l.Flush(); err != nil || n != len(big) {
		t.Errorf("%d of %d passed, %v", n, len(big), err)
	}
}

// TestMessage is an answer that quotes the key in every way, and more.
func TestMessage(t *testing.T) {
	const key = "correct-horse/battery+1"
	j, _ := json.Marshal(map[string]string{"got": key})
	twice, _ := json.Marshal(string(j))
	for _, text := range []string{
		"401: key " + key + " is wrong", string(j), string(twice), "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+key)),
		strings.ReplaceAll(key, "/", `\/`), every(key), "lines: " + key + "\x1b]52;c;x\a",
	} {
		got := Message(text, key)
		if strings.Contains(got, "horse") || strings.Contains(got, "battery") || strings.Contains(got, "\x1b") || !strings.Contains(got, Mark) {
			t.Errorf("%q: %q", text, got)
		}
	}
	pem := "-----BEGIN X-----\nabcdefghijklmnopqrstuvwxyz\n0123456789012345678901234\n-----END X-----"
	if got := Message("its second line is 0123456789012345678901234.", pem); strings.Contains(got, "56789") {
		t.Errorf("a line of a long secret: %q", got)
	}
	if got := Message(strings.Repeat("é", MaxMessage)); len(got) > MaxMessage+8 || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
	if got := (*Values)(nil).Message("ok"); got != "ok" {
		t.Errorf("%q", got)
	}
}

// FuzzPatterns: no text makes it fail, and as a stream of whole lines it gives the same.
func FuzzPatterns(f *testing.F) {
	for text := range hidden {
		f.Add(text, 3)
	}
	f.Fuzz(func(t *testing.T, text string, cut int) {
		_ = Patterns(text)
		cut = min(max(0, cut), len(text))
		one, two := &bytes.Buffer{}, &bytes.Buffer{}
		a, b := NewLines(one), NewLines(two)
		_, _ = a.Write([]byte(text))
		_, _ = b.Write([]byte(text[:cut]))
		_, _ = b.Write([]byte(text[cut:]))
		_, _ = a.Flush(), b.Flush()
		if len(text) < longLine && one.String() != two.String() {
			t.Fatalf("%q cut at %d: %q and %q", text, cut, one, two)
		}
	})
}

// BenchmarkLines is a log of a server: most of its lines hold nothing.
func BenchmarkLines(b *testing.B) {
	log := []byte(strings.Repeat("INFO 11-28 05:37:35 [loggers.py:123] Engine 000: Avg prompt throughput: 1234.5 tokens/s, Running: 3 reqs\nINFO: 127.0.0.1:1 - \"POST /v1/completions HTTP/1.1\" 200 OK\n", 1000))
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		l := NewLines(writer(func(p []byte) (int, error) { return len(p), nil }))
		_, _ = l.Write(log)
		_ = l.Flush()
	}
}
