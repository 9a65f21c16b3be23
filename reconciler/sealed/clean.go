package sealed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/reconciler/redact"
	"assay/reconciler/results"
)

// here are rows without what is of this machine alone.
func here(rows []results.Row) []results.Row {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Dir = ""
	}
	return rows
}

// manifest is an experiment as it was resolved. The digests of its secrets are this state directory's.
func (w *writer) manifest(e v1alpha1.Experiment) ([]byte, []string, error) {
	e.Spec.Services = slices.Clone(e.Spec.Services)
	for i, s := range e.Spec.Services {
		e.Spec.Services[i].Secrets = maps.Clone(s.Secrets)
		for name, ref := range s.Secrets {
			ref.Digest = ""
			e.Spec.Services[i].Secrets[name] = ref
		}
	}
	var hidden []string
	b, err := w.document(e, &hidden)
	return b, hidden, err
}

// document is a manifest's document in YAML without secrets, and the names of the settings that were taken out.
func (w *writer) document(v any, hidden *[]string) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	clean, found, err := redact.Settings(b)
	if err != nil {
		return nil, err
	}
	for _, s := range found {
		w.found = append(w.found, s.Value)
		if !slices.Contains(*hidden, s.Name) {
			*hidden = append(*hidden, s.Name)
		}
	}
	w.settings = redact.Of(w.found...)
	var plain map[string]any
	d := json.NewDecoder(bytes.NewReader(clean))
	d.UseNumber()
	if err := d.Decode(&plain); err != nil {
		return nil, err
	}
	w.scrub(plain, "", hidden)
	return v1alpha1.Encode(plain)
}

// scrub replaces, in the texts of a document, what looks like a secret by itself (a password in an address, a key of a well-known
// form) and the values that are stored. Text by text: two lines of YAML can look like a setting and its value.
func (w *writer) scrub(v any, path string, hidden *[]string) any {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			v[name] = w.scrub(v[name], strings.TrimPrefix(path+"."+name, "."), hidden)
		}
	case []any:
		for i, x := range v {
			v[i] = w.scrub(x, fmt.Sprintf("%s[%d]", path, i), hidden)
		}
	case string:
		clean := w.secrets.Hide(redact.Patterns(v))
		if clean != v {
			*hidden = append(*hidden, path)
		}
		return clean
	}
	return v
}

func (w *writer) record(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = w.hide(&out, bytes.NewReader(append(b, '\n')))
	return out.Bytes(), err
}
