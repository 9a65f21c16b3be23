package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assay/drivers"
	"assay/reconciler/redact"
)

// Manifests may hold a secret in plain sight: an environment variable, or an option of a server. What looks like one by
// its name is replaced where it stands, and looked for everywhere else.

// scrubAll replaces such values in the files that hold specs.
func (s *saver) scrubAll() error {
	for _, name := range s.files {
		base := filepath.Base(name)
		if base != drivers.DesiredFile && base != drivers.RequestFile && !strings.HasPrefix(name, "revisions/") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(s.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading what to archive: %w", err)
		}
		if s.content[name], err = s.scrub(b); err != nil {
			s.a.say("%s is left out: it cannot be read, and may hold a secret: %v", name, err)
			s.content[name] = []byte("left out: it could not be read\n")
		}
	}
	return nil
}

// scrub returns a JSON document without the values that look secret.
func (s *saver) scrub(b []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		if len(bytes.TrimSpace(b)) == 0 {
			return []byte{}, nil
		}
		return nil, err
	}
	return json.MarshalIndent(s.walk(v, false), "", " ")
}

// walk replaces secret values of maps of settings (env, args) and of command lines.
func (s *saver) walk(v any, settings bool) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if text, ok := x.(string); ok && settings && secretName(k) {
				v[k] = s.taken(text, k)
			} else {
				v[k] = s.walk(x, k == "env" || k == "args")
			}
		}
	case []any:
		for i, x := range v {
			text, ok := x.(string)
			if !ok {
				v[i] = s.walk(x, false)
				continue
			}
			name, value, joined := strings.Cut(text, "=")
			before := ""
			if i > 0 {
				before, _ = v[i-1].(string)
			}
			switch {
			case joined && strings.HasPrefix(name, "-") && secretName(name):
				v[i] = name + "=" + s.taken(value, name)
			case strings.HasPrefix(before, "--") && !strings.HasPrefix(text, "--") && secretName(before):
				v[i] = s.taken(text, before)
			}
		}
	}
	return v
}

// taken hides a value everywhere. Words that the agent replaces, and paths, are no secrets.
func (s *saver) taken(value, name string) string {
	if value == "" || strings.Contains(value, "$(") || strings.HasPrefix(value, "/") {
		return value
	}
	s.hide(value, "the setting "+strings.TrimLeft(name, "-"))
	return redact.Mark
}

// secretName tells API_KEY and --hf-token from MAX_TOKENS, TOKENIZERS_PARALLELISM and TOKEN_FILE.
func secretName(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == ' ' })
	if len(words) == 0 || slices.Contains([]string{"file", "path", "dir", "name", "id", "length", "limit"}, words[len(words)-1]) {
		return false
	}
	has := func(any ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(any, w) })
	}
	return has("token", "secret", "secrets", "password", "passwd", "passphrase", "pass", "apikey", "credential", "credentials") ||
		has("key") && has("api", "access", "private", "auth", "account", "license", "encryption", "signing", "master")
}
