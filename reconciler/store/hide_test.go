package store

import (
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

// TestNoSecretIsStored: a server that quotes the key it was given, in a message, an error or a reason, puts it into no file but
// that of the secret. What the caller holds stays as it is.
func TestNoSecretIsStored(t *testing.T) {
	const key = "canary-0123456789/+x"
	dir := t.TempDir()
	st, err := Open(dir, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	l, err := st.Acquire(t.Context(), "test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Emit(Event{Experiment: "e", Message: "before any secret"}); err != nil {
		t.Fatal(err)
	}
	digest, err := st.PutSecret(key)
	if err != nil {
		t.Fatal(err)
	}
	said := "HTTP status 401: the key " + key + " (" + base64.StdEncoding.EncodeToString([]byte("user:"+key)) + ") is wrong\x1b]0;owned\a, DB_PASSWORD=hunter22"
	condition := v1alpha1.Condition{Type: "Ready", Message: said}
	status := v1alpha1.ExperimentStatus{Name: "e", Conditions: []v1alpha1.Condition{condition}, Services: []v1alpha1.ServiceStatus{{Name: "llm",
		Conditions: []v1alpha1.Condition{condition}, Seats: []v1alpha1.SeatStatus{{Last: &v1alpha1.End{Message: said}}}}}}
	if err := l.PutStatus(status); err != nil {
		t.Fatal(err)
	}
	if err := l.Emit(Event{Experiment: "e", Object: "service/llm", Reason: "Failed", Message: said}); err != nil {
		t.Fatal(err)
	}
	r, err := l.CreateRun(plan.Run{ID: "r", Experiment: "e", Phase: v1alpha1.RunPending, Created: time.Now()}, drivers.SuiteRequest{Run: "r"})
	if err != nil {
		t.Fatal(err)
	}
	r.Phase, r.Message, r.Ended = v1alpha1.RunFailed, said, time.Now()
	r.Result = &drivers.SuiteResult{Run: "r", Error: said, Reasons: []drivers.Reason{{Reason: "X", Message: said}}}
	if err := l.UpdateRun(r); err != nil {
		t.Fatal(err)
	}
	at, err := l.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: "e", Group: "llm"}, Experiment: "e"})
	if err != nil {
		t.Fatal(err)
	}
	at.End = &plan.End{Message: said, At: time.Now()}
	if err := l.Update(at); err != nil {
		t.Fatal(err)
	}
	if status.Conditions[0].Message != said || r.Result.Error != said {
		t.Error("what the caller holds was changed")
	}
	marks := 0
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || e.Name() == digest {
			return err
		}
		b, err := os.ReadFile(path)
		for _, bad := range []string{"canary", "0123456789", "hunter22", "owned\\u0007", base64.StdEncoding.EncodeToString([]byte("user:" + key))[8:20]} {
			if strings.Contains(string(b), bad) {
				t.Errorf("%s holds %s:\n%.400s", path, bad, b)
			}
		}
		marks += strings.Count(string(b), "[REDACTED]")
		return err
	})
	if err != nil || marks == 0 {
		t.Errorf("%d marks, %v", marks, err)
	}
}
