package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// TestTwice runs two of every service on one machine, side by side: ports, folders and passwords are each one's own.
func TestTwice(t *testing.T) {
	beside(t, 15*time.Second)
	w := newTestWorld(t, "PATH="+standins(t))
	manifest := `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: twice}
spec:
  site: local
  services:
`
	for _, n := range []string{"a", "b"} {
		manifest += strings.ReplaceAll(`    - {name: llm-N, vllm: {model: m}}
    - {name: docs-N, chroma: {}}
    - {name: mon-N, monitors: {}, group: pair}
    - {name: io-N, lustre: {path: DIR/N}}
`, "N", n)
	}
	w.must("apply", "-f", w.write("twice.yaml", strings.ReplaceAll(manifest, "DIR", t.TempDir())), "--timeout", "2m")
	w.controller()
	w.until("all are ready", 2*time.Minute, func() (bool, string) {
		for _, s := range w.status("twice").Services {
			if c := v1alpha1.Find(s.Conditions, v1alpha1.Ready); c.Status != v1alpha1.True {
				return false, fmt.Sprintf("%s %+v", s.Name, c)
			}
		}
		return true, ""
	})
	seen := map[string]string{}
	for _, s := range w.status("twice").Services {
		for _, seat := range s.Seats {
			all := map[string]string{"": seat.Endpoint}
			if len(seat.Endpoints) > 0 {
				all = seat.Endpoints
			}
			for part, url := range all {
				if other := seen[url]; other != "" || url == "" {
					t.Errorf("%s.%s and %s both answer at %q", s.Name, part, other, url)
				}
				seen[url] = s.Name + "." + part
			}
		}
	}
	if len(seen) != 2*(1+1+3+1) {
		t.Errorf("%d endpoints: %v", len(seen), seen)
	}
	w.delete("twice")
}
