package redact

import (
	"slices"
	"strings"
)

// prefixes are those of the keys that show what they are.
var prefixes = []string{"hf_", "sk-", "pk-", "rk-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "AIza", "nvapi-", "AKIA", "ASIA", "eyJ"}

// hintOfKnown says that a text can hold such a key.
func hintOfKnown(text string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.Contains(text, p) })
}

// parts are what every secret name has one of.
var parts = []string{"pass", "token", "secret", "key", "pwd", "credential", "sig"}

func hintOfName(name string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(name, p) })
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// hintOfSetting says that a text, in small letters, has such a name before = or a colon.
func hintOfSetting(text string) bool {
	for at := 0; ; at++ {
		next := strings.IndexAny(text[at:], "=:")
		if next < 0 {
			return false
		}
		at += next
		end := at
		for end > 0 && strings.IndexByte(" \t\n\r\f\\\"':", text[end-1]) >= 0 {
			end--
		}
		begin := end
		for begin > 0 && nameByte(text[begin-1]) {
			begin--
		}
		if hintOfName(text[begin:end]) {
			return true
		}
	}
}

// hintOfOption says that a text, in small letters, has an option with such a name, or -p or -u.
func hintOfOption(text string) bool {
	for at := 0; ; at++ {
		next := strings.IndexByte(text[at:], '-')
		if next < 0 {
			return false
		}
		at += next
		if at > 0 && strings.IndexByte(" \t\n\r\f\"'[,", text[at-1]) < 0 {
			continue
		}
		end := at
		for end < len(text) && nameByte(text[end]) {
			end++
		}
		if name := text[at:end]; name == "-p" || name == "-u" || name == "--user" || hintOfName(name) {
			return true
		}
		at = max(at, end-1)
	}
}
