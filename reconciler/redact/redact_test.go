package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

// redacted writes text in the given pieces.
func redacted(t *testing.T, pieces []string, secrets ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := New(&b, secrets...)
	for _, p := range pieces {
		if n, err := w.Write([]byte(p)); n != len(p) || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// split cuts text at random places.
func split(rnd *rand.Rand, text string) []string {
	var out []string
	for len(text) > 0 {
		n := min(len(text), 1+rnd.IntN(1+rnd.IntN(40)))
		out, text = append(out, text[:n]), text[n:]
	}
	return out
}

// words is random text of an alphabet so small that secrets overlap themselves and each other.
func words(rnd *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "ab/+&\"% \n"[rnd.IntN(9)]
	}
	return string(b)
}

// TestNoSplitLetsASecretThrough is the property: whatever the text and its pieces, no form of a secret comes out, and
// nothing else is lost.
func TestNoSplitLetsASecretThrough(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		secrets := []string{words(rnd, 6+rnd.IntN(10)), words(rnd, 6+rnd.IntN(4)), words(rnd, 6)}
		var b strings.Builder
		for range rnd.IntN(12) {
			s := secrets[rnd.IntN(3)]
			b.WriteString([]string{
				s, s[:len(s)-1], words(rnd, rnd.IntN(20)), url.QueryEscape(s), url.PathEscape(s),
				base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)), s + s[2:],
			}[rnd.IntN(8)])
		}
		text := b.String()
		got := redacted(t, split(rnd, text), secrets...)
		for _, s := range secrets {
			for _, f := range forms(s) {
				if strings.Contains(got, f) {
					t.Fatalf("secret %q came through as %q:\n%q\n%q", s, f, text, got)
				}
			}
		}
		if whole := redacted(t, []string{text}, secrets...); got != whole {
			t.Fatalf("the pieces make a difference:\n%q\n%q", got, whole)
		}
	}
}

func TestTextWithoutSecretsIsUnchanged(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		text := words(rnd, rnd.IntN(100_000))
		if got := redacted(t, split(rnd, text), "hunter2-hunter2", "", "ab"); got != text {
			t.Fatal("text without a secret was changed")
		}
	}
}

func TestWhatStandsAroundASecretStays(t *testing.T) {
	const secret = `hf_"A&b/c+<9>ü`
	for name, form := range map[string]string{
		"plain": secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret),
		"lower":  "hf_%22A%26b%2fc%2b%3c9%3e%c3%bc",
		"hex":    "68665f2241266" + "22f632b3c393ec3bc",
		"base64": base64.StdEncoding.EncodeToString([]byte(secret)),
	} {
		if got, want := redacted(t, []string{"before " + form + " after"}, secret), "before "+Mark+" after"; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	b, _ := json.Marshal(map[string]string{"k": secret})
	if got := redacted(t, []string{string(b)}, secret); got != `{"k":"`+Mark+`"}` {
		t.Errorf("JSON: %q", got)
	}
}

// TestBasicAuthentication hides a secret inside the base64 text of something longer, at every alignment.
func TestBasicAuthentication(t *testing.T) {
	const secret = "correct-horse-battery"
	for _, user := range []string{"a:", "ab:", "abc:"} {
		text := base64.StdEncoding.EncodeToString([]byte(user + secret + "!"))
		got := redacted(t, []string{"Authorization: Basic " + text}, secret)
		if !strings.Contains(got, Mark) || strings.Contains(got, text[8:20]) {
			t.Errorf("user %q: %q", user, got)
		}
	}
}

func TestOverlappingSecretsAreOne(t *testing.T) {
	if got := redacted(t, []string{"x", "abcde", "fghi", "y"}, "abcdef", "defghi"); got != "x"+Mark+"y" {
		t.Errorf("%q", got)
	}
	if got := redacted(t, []string{"secret-long-secret"}, "secret", "secret-long"); got != Mark+"-"+Mark {
		t.Errorf("longest first: %q", got)
	}
}

// TestMemoryIsBounded keeps no more than a chunk and the longest form, whatever passes.
func TestMemoryIsBounded(t *testing.T) {
	w := New(writer(func(p []byte) (int, error) { return len(p), nil }), "a-secret-to-hide")
	big := bytes.Repeat([]byte("log line\n"), 1<<20)
	if _, err := w.Write(big); err != nil {
		t.Fatal(err)
	}
	if limit := 4 * (chunk + w.Longest()); cap(w.held)+cap(w.out) > limit {
		t.Errorf("%d bytes are held after %d, want at most %d", cap(w.held)+cap(w.out), len(big), limit)
	}
}

func TestAFailedWriteStays(t *testing.T) {
	full := errors.New("disk full")
	w := New(writer(func([]byte) (int, error) { return 0, full }), "a-secret-to-hide")
	_, err := w.Write(bytes.Repeat([]byte("x"), 1000))
	if !errors.Is(err, full) || !errors.Is(w.Flush(), full) {
		t.Errorf("Write: %v, Flush: %v", err, w.Flush())
	}
}

type writer func([]byte) (int, error)

func (f writer) Write(p []byte) (int, error) { return f(p) }
