package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// line is the length from which a line of a secret of several is one of its own: logs print such a secret line by line.
const line = 16

// forms are the ways in which programs print a secret.
func forms(secret string) []string {
	out := formsOf(secret)
	for part := range strings.Lines(secret) {
		if part = strings.TrimSpace(part); len(part) >= line && part != secret {
			out = append(out, formsOf(part)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func formsOf(secret string) []string {
	out := []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))), html.EscapeString(secret)}
	all := every(secret)
	out = append(out, all, strings.ToLower(all))
	for _, escaped := range []string{url.QueryEscape(secret), url.PathEscape(secret)} {
		out = append(out, escaped, percent.ReplaceAllStringFunc(escaped, strings.ToLower))
	}
	out = append(out, quoted(secret)...)
	for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		out = append(out, alphabet.EncodeToString([]byte(secret)), alphabet.WithPadding(base64.NoPadding).EncodeToString([]byte(secret)))
		for before := range 3 {
			out = append(out, inside(alphabet, secret, before))
		}
	}
	return out
}

// every is the secret with each byte percent-encoded.
func every(secret string) string {
	var b strings.Builder
	for i := range len(secret) {
		fmt.Fprintf(&b, "%%%02X", secret[i])
	}
	return b.String()
}

// quoted is the secret as a JSON string holds it: with and without the escapes that keep HTML apart, with those of other
// languages for slashes and for what is not ASCII, and inside another JSON string.
func quoted(secret string) []string {
	b, err := json.Marshal(secret)
	if err != nil {
		return nil
	}
	with := string(b[1 : len(b)-1])
	without := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(with)
	ascii := strings.Trim(strconv.QuoteToASCII(secret), `"`)
	twice := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(without)
	return []string{with, without, strings.ReplaceAll(without, "/", `\/`), ascii, twice}
}

// inside is the part of the base64 text of something longer that the secret alone decides, when that many bytes,
// modulo 3, stand before it. Only a few bits at its ends are shared with the neighbours.
func inside(alphabet *base64.Encoding, secret string, before int) string {
	text := alphabet.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, before), secret...))
	from, to := []int{0, 2, 3}[before], len(text)
	if (before+len(secret))%3 != 0 {
		to--
	}
	return text[from:to]
}
