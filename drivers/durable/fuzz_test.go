package durable

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzDecode: a record that is accepted is encoded to one that means the same, and one that is not is newer or damaged. The
// version is the same whether it is read fast or slowly.
func FuzzDecode(f *testing.F) {
	for _, v := range []any{map[string]any{}, map[string]any{"nonce": "n", "generation": 3, "runs": []int{1}}} {
		b, err := Encode(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{"", "{}", "null", "[1]", "{\n \"schema\": 2,\n}", "{\n \"schema\": 1", `{"schema":1,"Schema":2}`, "{\n \"schema\": 1,\n \"schema\": 7\n}", "{\n \"schema\": 01\n}", "{\n \"schema\": 1e3\n}", "{\n \"schema\": 1001\n}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v map[string]any
		err := Decode("r.json", b, &v)
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		if v == nil { // null, which says nothing
			return
		}
		for name := range v {
			if reflect.DeepEqual(fold(name), "schema") {
				delete(v, name) // Encode adds its own
			}
		}
		text, err := Encode(v)
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		var again map[string]any
		if err := Decode("r.json", text, &again); err != nil {
			t.Fatalf("%q is written as %q: %v", b, text, err)
		}
		delete(again, "schema")
		if !reflect.DeepEqual(again, v) {
			t.Errorf("%q is %v, and that is %v", b, v, again)
		}
	})
}

// fold is a name as encoding/json compares it with that of a field.
func fold(name string) string {
	var v struct{ Schema bool }
	b, err := json.Marshal(map[string]bool{name: true})
	if err == nil && json.Unmarshal(b, &v) == nil && v.Schema {
		return "schema"
	}
	return name
}

// FuzzReadBeat: a beat file is what Write leaves, to the byte, or torn.
func FuzzReadBeat(f *testing.F) {
	f.Add(encodePulse(Pulse{}))
	f.Add(encodePulse(Pulse{Count: 1<<64 - 1, Of: 12}))
	f.Add(encodePulse(Pulse{Count: 7})[:30])
	f.Add([]byte("1 2"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "beat")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := ReadBeat(path)
		switch {
		case err == nil && string(encodePulse(p)) != string(b):
			t.Errorf("%q is %+v", b, p)
		case err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTooLarge):
			t.Errorf("%q: %v", b, err)
		}
	})
}
