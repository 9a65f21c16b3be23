package redact

import (
	"slices"
	"strings"
	"unicode"
)

// secretName distinguishes API_KEY, apiKey and --hf-token from MAX_TOKENS, TOKENIZERS_PARALLELISM and TOKEN_FILE.
func secretName(name string) bool {
	words := wordsOf(name)
	if len(words) == 0 || slices.Contains([]string{"file", "path", "dir", "name", "id", "length", "limit", "count", "type", "env"}, words[len(words)-1]) {
		return false
	}
	has := func(any ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(any, w) })
	}
	return has("token", "secret", "secrets", "password", "passwords", "passwd", "passphrase", "pass", "pwd", "apikey", "credential", "credentials", "signature", "sig") ||
		slices.ContainsFunc(words, func(w string) bool {
			return hasSuffix(w, "password", "passwd", "passphrase", "secret", "apikey", "authtoken", "accesstoken") // PGPASSWORD
		}) ||
		has("key") && has("api", "access", "private", "auth", "account", "license", "encryption", "signing", "master") || variableKey(name, words)
}

// variableKey says that an environment variable holds a key: OPENAI_KEY, but not SORT_KEY.
func variableKey(name string, words []string) bool {
	return len(words) > 1 && words[len(words)-1] == "key" && strings.ToUpper(name) == name && strings.Contains(name, "_") &&
		!slices.Contains([]string{"public", "pub", "sort", "primary", "foreign", "partition", "cache", "host", "shard", "group", "map", "lookup"}, words[len(words)-2])
}

// wordsOf cuts a name at its separators, and where a capital begins a word: dbPassword.
func wordsOf(name string) []string {
	var b strings.Builder
	last := ' '
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(last) {
			b.WriteByte('_')
		}
		b.WriteRune(r)
		last = r
	}
	return strings.FieldsFunc(strings.ToLower(b.String()), func(r rune) bool { return strings.ContainsRune("_-. /", r) })
}

func hasSuffix(s string, any ...string) bool {
	return slices.ContainsFunc(any, func(suffix string) bool { return strings.HasSuffix(s, suffix) })
}

// secretSetting says that the value of a setting in a text is one to hide. In sentences a colon follows many words: there a
// word such as token alone is no setting.
func secretSetting(name, separator, value string) bool {
	if value == "" || strings.HasPrefix(value, Mark[:4]) || strings.HasPrefix(value, "$(") || !secretName(name) {
		return false
	}
	if separator == ":" && len(wordsOf(name)) == 1 && !hasSuffix(strings.ToLower(name), "password", "passwd", "passphrase", "secret", "apikey", "pwd") {
		return len(value) >= 16 && strings.ContainsAny(value, "0123456789")
	}
	return true
}

// secretOption says that the value of an option of a command line is one to hide. -p is a port, a folder or a password.
func secretOption(name, value string) bool {
	switch {
	case value == "" || strings.HasPrefix(value, Mark[:4]) || strings.HasPrefix(value, "-"):
		return false
	case name == "-p":
		return strings.Trim(value, "0123456789:.-/") != "" && !strings.Contains(value, "/")
	case name == "-u" || name == "--user":
		return strings.Contains(value, ":") && strings.Trim(value, "0123456789:") != ""
	}
	return len(name) > 2 && secretName(name)
}
