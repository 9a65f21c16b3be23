package edit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// editor is a person who saves these texts one after the other; what they saw is kept.
type editor struct {
	texts []func(string) string
	seen  []string
}

func (e *editor) open(_ context.Context, file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		return fmt.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || info.Mode().Perm() != 0o700 {
		return fmt.Errorf("its folder is %v, %v", info.Mode(), err)
	}
	e.seen = append(e.seen, string(b))
	text := e.texts[0](string(b))
	e.texts = e.texts[1:]
	return os.WriteFile(file, []byte(text), 0o600)
}

// check allows what holds no "bad", and says in which lines that is.
func check(b []byte) error {
	var errs []error
	for i, l := range strings.Split(string(b), "\n") {
		if strings.Contains(l, "bad") && !strings.HasPrefix(l, "#") {
			errs = append(errs, fmt.Errorf("e.yaml:%d:1: bad", i+1))
		}
	}
	return errors.Join(errs...)
}

func TestSession(t *testing.T) {
	as := func(text string) func(string) string { return func(string) string { return text } }
	same := func(s string) string { return s }
	replaced := func(old, now string) func(string) string {
		return func(s string) string { return strings.ReplaceAll(s, old, now) }
	}
	for name, c := range map[string]struct {
		texts   []func(string) string
		want    string
		changed bool
		err     error
	}{
		"unchanged":                 {[]func(string) string{same}, "", false, nil},
		"without the comments":      {[]func(string) string{as("a: 1\n")}, "", false, nil},
		"empty":                     {[]func(string) string{as("\n")}, "", false, nil},
		"changed":                   {[]func(string) string{replaced("a: 1", "a: 2")}, "a: 2\n", true, nil},
		"mended":                    {[]func(string) string{replaced("a: 1", "b: 1\na: bad"), replaced("bad", "3")}, "b: 1\na: 3\n", true, nil},
		"given up":                  {[]func(string) string{replaced("a: 1", "a: bad"), same}, "", false, ErrInvalid},
		"given up for what it was":  {[]func(string) string{replaced("a: 1", "a: bad"), as("a: 1\n")}, "", false, nil},
		"comments of the user stay": {[]func(string) string{as("a: 2 # why\n# end\n")}, "a: 2 # why\n# end\n", true, nil},
	} {
		e := &editor{texts: c.texts}
		s := &Session{Name: "e.yaml", Header: "what it is", Text: "a: 1\n", Open: e.open, Check: check}
		text, changed, err := s.Run(t.Context())
		if string(text) != c.want || changed != c.changed || !errors.Is(err, c.err) || len(e.texts) != 0 {
			t.Errorf("%s: %q, changed %v, %v", name, text, changed, err)
		}
		if name == "mended" {
			lines := strings.Split(e.seen[1], "\n")
			if lines[1] != "# e.yaml:5:1: bad" || lines[4] != "a: bad" {
				t.Errorf("the mistake is not where the text says:\n%s", e.seen[1])
			}
		}
		if c.err != nil {
			_, kept, _ := strings.Cut(err.Error(), "it is kept in ")
			if _, err := os.Stat(kept); err != nil {
				t.Error(err)
			}
			os.RemoveAll(filepath.Dir(kept))
		}
		file := s.file
		s.Close()
		if _, err := os.Stat(file); file != "" && err == nil {
			t.Errorf("%s: %s is left", name, file)
		}
	}
}

// TestEditor runs the user's own words, with options.
func TestEditor(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", "wc -c")
	if err := (Editor{Out: &out}).Open(t.Context(), file); err != nil || !strings.HasPrefix(strings.TrimSpace(out.String()), "1 ") {
		t.Errorf("%q, %v", out.String(), err)
	}
	t.Setenv("VISUAL", "false")
	if err := (Editor{}).Open(t.Context(), file); err == nil || !strings.Contains(err.Error(), "export EDITOR=") {
		t.Error(err)
	}
}

// TestText: digests are no part of what is opened, and of a sweep what was declared is.
func TestText(t *testing.T) {
	rev := store.Revision{Experiment: "e", Generation: 3, Origin: drivers.Origin{Source: "apply", Path: "/m.yaml"}}
	rev.Spec.Metadata.Name = "e"
	rev.Spec.Spec.Services = []v1alpha1.Service{{Name: "llm", Secrets: map[string]v1alpha1.Secret{"T": {Env: "T", Digest: "d1gest"}}}}
	text, err := Text(rev)
	if err != nil || strings.Contains(text, "d1gest") || !strings.Contains(text, "env: T") || rev.Spec.Spec.Services[0].Secrets["T"].Digest != "d1gest" {
		t.Errorf("%v\n%s", err, text)
	}
	if h := Header(rev); !strings.Contains(h, "/m.yaml stays as it is") {
		t.Error(h)
	}
	rev.Spec.Spec.Sweep = &v1alpha1.Sweep{Declared: &v1alpha1.Declared{Services: []v1alpha1.Service{{Name: "declared"}}}}
	if text, err := Text(rev); err != nil || !strings.Contains(text, "name: declared") || strings.Contains(text, "llm") || rev.Spec.Spec.Sweep.Declared == nil {
		t.Errorf("%v\n%s", err, text)
	}
}
