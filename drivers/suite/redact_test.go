package suite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
)

// marking is a Redactor that knows some secrets.
type marking []string

func (m marking) Message(text string) string { return m.Hide(text) }
func (m marking) Hide(text string) string {
	for _, s := range m {
		text = strings.ReplaceAll(text, s, "[REDACTED]")
	}
	return text
}

// quoting is a suite whose server repeats the key in everything that it says.
type quoting struct{ key string }

func (q quoting) Run(_ context.Context, req drivers.SuiteRequest, _ string, progress func(string)) (drivers.SuiteResult, error) {
	progress("asked with " + q.key)
	if req.Repeat == 1 {
		return drivers.SuiteResult{}, &Failure{Kind: "connect", Message: "HTTP status 401: " + q.key + " is wrong"}
	}
	return drivers.SuiteResult{Reasons: []drivers.Reason{{Reason: "X", Message: q.key}}, Versions: map[string]string{"server": q.key}, Metrics: map[string]float64{}}, nil
}

// TestKeysStayOutOfResults: a server that quotes the key puts it into no file of the run and into no error; what the error is
// can still be told.
func TestKeysStayOutOfResults(t *testing.T) {
	const key = "canary-key-1234"
	for repeat := range 2 {
		dir, file := t.TempDir(), filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		req := drivers.SuiteRequest{Run: "r", Benchmark: "b", Repeat: repeat, Endpoints: []string{"http://x"}, TokenFile: file, Serving: &v1alpha1.Serving{}}
		if err := (durable.Writer{}).ReplaceRecord(filepath.Join(dir, drivers.RequestFile), req, nil); err != nil {
			t.Fatal(err)
		}
		err := Run(t.Context(), dir, "v", Suites{Serving: quoting{key}, Redact: func(secrets ...string) Redactor { return marking(secrets) }})
		if (err != nil) != (repeat == 1) || err != nil && strings.Contains(err.Error(), key) {
			t.Errorf("error %v", err)
		}
		if repeat == 1 && !errors.As(err, new(*Failure)) {
			t.Errorf("%v is not what it was", err)
		}
		for _, name := range []string{drivers.ResultFile, drivers.ProgressFile} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || strings.Contains(string(b), key) || !strings.Contains(string(b), "[REDACTED]") {
				t.Errorf("%s: %s, %v", name, b, err)
			}
		}
	}
}
