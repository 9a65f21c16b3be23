package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/procid"
	"assay/reconciler/store"
)

// TestStalePrometheus: what the file says of the controller's Prometheus holds no more: the controller was killed, or another
// process has its port. That one is not asked, and the reason is told.
func TestStalePrometheus(t *testing.T) {
	var asked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"1e9"]]}]}}`))
	}))
	defer other.Close()
	c := exec.Command("sleep", "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	alive := procid.Of(c.Process.Pid)
	elsewhere := alive
	elsewhere.Boot, elsewhere.Host = "another", "far"
	for _, test := range []struct {
		name  string
		owner procid.ID
		kill  bool
		says  string
	}{
		{"another process listens", alive, false, "listens another process than"},
		{"the controller is on another host", elsewhere, false, "ask on that host"},
		{"the controller was killed", alive, true, "which has ended"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.kill {
				_ = c.Process.Kill()
				_ = c.Wait() // killed
			}
			st, err := store.Open(t.TempDir(), store.Options{NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := (durable.Writer{}).ReplaceRecord(filepath.Join(st.Dir(), store.PrometheusFile), procid.Address{URL: other.URL, Owner: test.owner}, nil); err != nil {
				t.Fatal(err)
			}
			site := v1alpha1.Site{}
			site.Spec.Paths.Local = t.TempDir()
			average, closed := (&app{err: &bytes.Buffer{}}).prometheusOf(st, site)
			defer closed()
			_, err = average(t.Context(), "up", []drivers.Span{{From: time.Now().Add(-time.Minute), To: time.Now()}})
			if !errors.Is(err, procid.ErrStale) || !strings.Contains(err.Error(), test.says) || asked.Load() != 0 {
				t.Errorf("%v, want %q; another process was asked %d times", err, test.says, asked.Load())
			}
		})
	}
}
