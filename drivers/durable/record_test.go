package durable

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

type claim struct {
	Nonce string `json:"nonce"`
	Node  string `json:"node,omitempty"`
}

func TestRecords(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string // what is on disk, and the nonce that is read
		err        error
		says       string
	}{
		"as written":                {text: "{\n \"schema\": 1,\n \"nonce\": \"a\"\n}\n", want: "a"},
		"without a version":         {text: `{"nonce": "a", "node": "n1"}`, want: "a"},
		"by hand":                   {text: `{"nonce": "a", "schema": 1}`, want: "a"},
		"of an older one":           {text: "{\n \"schema\": 0,\n \"nonce\": \"a\"\n}\n", want: "a"},
		"with keys of a newer one":  {text: "{\n \"schema\": 1,\n \"nonce\": \"a\",\n \"more\": {}\n}\n", want: "a"},
		"of a newer one":            {text: "{\n \"schema\": 2,\n \"nonce\": 7\n}\n", err: ErrNewer, says: "has schema 2 and this assay reads up to 1"},
		"of a much newer one":       {text: "{\n \"schema\": 12,\n \"nonce\": \"a\"\n}\n", err: ErrNewer, says: "schema 12"},
		"of a newer one, by hand":   {text: `{"nonce": 7, "schema": 2}`, err: ErrNewer, says: "schema 2"},
		"empty":                     {text: "", err: ErrDamaged},
		"cut short":                 {text: "{\n \"schema\": 1,\n \"nonce\": \"a", err: ErrDamaged},
		"with something after it":   {text: "{\n \"schema\": 1,\n \"nonce\": \"a\"\n}\nx", err: ErrDamaged},
		"of another type":           {text: `["a"]`, err: ErrDamaged},
		"with a version in words":   {text: "{\n \"schema\": \"two\",\n \"nonce\": \"a\"\n}\n", err: ErrDamaged},
		"with a version in letters": {text: `{"nonce": "a", "schema": "2"}`, err: ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "claim.json")
			must(t, os.WriteFile(path, []byte(c.text), 0o600))
			var got claim
			err := ReadRecord(path, &got)
			if !errors.Is(err, c.err) || c.err == nil && got.Nonce != c.want {
				t.Fatalf("%+v, %v; want %q, %v", got, err, c.want, c.err)
			}
			for _, part := range []string{path, c.says} {
				if err != nil && !strings.Contains(err.Error(), part) {
					t.Errorf("%v does not say %q", err, part)
				}
			}
		})
	}
}

// TestTypingWhatADamagedRecordSays runs the command of the message: then the record is as good as absent.
func TestTypingWhatADamagedRecordSays(t *testing.T) {
	for _, folder := range []string{"plain", "a folder's name"} {
		dir := filepath.Join(t.TempDir(), folder)
		path := filepath.Join(dir, "claim.json")
		must(t, errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(path, []byte("x"), 0o600)))
		_, err := OptionalRecord[claim](path)
		if !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
		_, command, found := strings.Cut(err.Error(), "type: ")
		if !found {
			t.Fatalf("%v does not say what to type", err)
		}
		if out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
		if v, err := OptionalRecord[claim](path); v != nil || err != nil {
			t.Errorf("after %s: %+v, %v", command, v, err)
		}
		if names, err := Names(dir); len(names) != 0 || err != nil {
			t.Errorf("after %s: %q, %v", command, names, err)
		}
	}
}

func TestEncode(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{claim{Nonce: "a"}, "{\n \"schema\": 1,\n \"nonce\": \"a\"\n}\n"},
		{struct{}{}, "{\n \"schema\": 1\n}\n"},
		{[]int{1}, ""}, {nil, ""}, {"a", ""}, {func() {}, ""},
	} {
		b, err := Encode(c.v)
		if string(b) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%v: %q, %v; want %q", c.v, b, err, c.want)
		}
		if err == nil && !json.Valid(b) {
			t.Errorf("%v: %q is not JSON", c.v, b)
		}
	}
}
