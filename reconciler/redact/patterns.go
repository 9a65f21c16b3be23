package redact

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// known are secrets that show by themselves what they are: keys of Hugging Face, OpenAI and its like, GitHub, GitLab, Slack,
// Google, NVIDIA and AWS, tokens in JWT's form, private keys.
var known = regexp.MustCompile(`\bhf_[A-Za-z0-9]{16,}|\b[spr]k-[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}` +
	`|\bxox[abeprs]-[A-Za-z0-9-]{10,}|\bAIza[A-Za-z0-9_-]{30,}|\bnvapi-[A-Za-z0-9_-]{20,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b` +
	`|\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*`)

const (
	beginKey = `-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----`
	endKey   = `-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----`
)

var (
	privateKey = regexp.MustCompile(`(?s)` + beginKey + `.*?(?:` + endKey + `|$)`)

	// value is a word, or something in quotes; the quotes can be escaped, in JSON inside JSON.
	value = `(\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|[^\s"'\\,;&<>(){}]+)`

	header  = regexp.MustCompile(`(?i)(\b(?:proxy-)?authorization\\?["']?\s*[:=]\s*\\?["']?(?:(?:bearer|basic|digest|token|negotiate|apikey)\s+)?)([^\s"'\\,;]+)`)
	scheme  = regexp.MustCompile(`(?i)(\b(?:bearer|basic)\s+)([A-Za-z0-9._~+/=-]{6,})`)
	userURL = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]{0,30}://)([^\s/@:"'<>]*)(:[^\s/"'<>]*)?@`)
	setting = regexp.MustCompile(`([A-Za-z][A-Za-z0-9_.-]*)(\\?["']?\s*(?:=|:=?|=>)\s*)` + value)
	option  = regexp.MustCompile(`((?:^|[\s"'\[,])(--?[A-Za-z][A-Za-z0-9_-]*)(?:\s+|\\?["']\s*,\s*|=))` + value)
)

// Patterns hides what looks like a secret in a text of whole lines: by its own form, by the name of the setting or option
// before it, as a password in an address, behind Authorization. The names stay, so that a reader sees what was there.
func Patterns(text string) string {
	small := strings.ToLower(text) // the patterns are slow, and most lines of a log need none of them: hints.go
	if strings.Contains(small, "private key") {
		text = privateKey.ReplaceAllString(text, Mark)
	}
	if strings.Contains(small, "://") && strings.Contains(small, "@") {
		text = userURL.ReplaceAllStringFunc(text, hideUser)
	}
	if strings.Contains(small, "authorization") {
		text = header.ReplaceAllString(text, "${1}"+Mark)
	}
	if strings.Contains(small, "bearer") || strings.Contains(small, "basic") {
		text = replace(scheme, text, func(m []string) string {
			if !credentials(m[1], m[2]) {
				return ""
			}
			return m[1] + Mark
		})
	}
	if hintOfSetting(small) {
		text = replace(setting, text, func(m []string) string {
			if !secretSetting(m[1], strings.TrimSpace(m[2]), bare(m[3])) {
				return ""
			}
			return m[1] + m[2] + requote(m[3])
		})
	}
	if hintOfOption(small) {
		text = replace(option, text, func(m []string) string {
			if !secretOption(m[2], bare(m[3])) {
				return ""
			}
			return m[1] + requote(m[3])
		})
	}
	if hintOfKnown(text) {
		text = known.ReplaceAllString(text, Mark)
	}
	return text
}

// replace calls f with the groups of each match. An empty answer leaves the match, and looks on behind its first group, which
// can be followed by another one.
func replace(re *regexp.Regexp, text string, f func(groups []string) string) string {
	var b strings.Builder
	at := 0
	for at < len(text) {
		loc := re.FindStringSubmatchIndex(text[at:])
		if loc == nil {
			break
		}
		groups := make([]string, len(loc)/2)
		for i := range groups {
			if loc[2*i] >= 0 {
				groups[i] = text[at+loc[2*i] : at+loc[2*i+1]]
			}
		}
		if with := f(groups); with != "" {
			b.WriteString(text[at:at+loc[0]] + with)
			at += loc[1]
			continue
		}
		next := at + max(loc[3], loc[0]+1)
		b.WriteString(text[at:next])
		at = next
	}
	if at == 0 {
		return text
	}
	return b.String() + text[at:]
}

// hideUser hides the password of an address, and the user of a web address that has none: that is a token.
func hideUser(match string) string {
	m := userURL.FindStringSubmatch(match)
	switch {
	case len(m[3]) > 1:
		return m[1] + m[2] + ":" + Mark + "@"
	case strings.HasPrefix(strings.ToLower(m[1]), "http") && m[2] != "":
		return m[1] + Mark + "@"
	}
	return match
}

// credentials tells those of HTTP from a sentence about them.
func credentials(scheme, text string) bool {
	if strings.HasPrefix(strings.ToLower(scheme), "basic") {
		b, err := base64.StdEncoding.DecodeString(text)
		return err == nil && strings.Contains(string(b), ":")
	}
	return strings.ContainsAny(text, "0123456789") || len(text) >= 20
}

// bare is a value without its quotes.
func bare(value string) string { return strings.Trim(value, `\"'`) }

// requote is the mark in the quotes of a value.
func requote(value string) string {
	inner := bare(value)
	before, after, _ := strings.Cut(value, inner)
	return before + Mark + after
}
