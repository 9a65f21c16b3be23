package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// forms are the ways in which programs print a secret.
func forms(secret string) []string {
	out := []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
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
	slices.Sort(out)
	return slices.Compact(out)
}

// quoted is the secret as a JSON string holds it, with and without the escapes that keep HTML apart.
func quoted(secret string) []string {
	b, err := json.Marshal(secret)
	if err != nil {
		return nil
	}
	with := string(b[1 : len(b)-1])
	return []string{with, strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(with)}
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
