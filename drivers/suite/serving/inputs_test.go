package serving

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite"
)

// recorder is a server that keeps the bodies of all requests, in the order in which they came.
type recorder struct {
	flawed
	mu  sync.Mutex
	got []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method == http.MethodPost {
		b, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.got = append(r.got, req.URL.Path+" "+string(b))
		r.mu.Unlock()
		req.Body = io.NopCloser(strings.NewReader(string(b)))
	}
	r.flawed.ServeHTTP(w, req)
}

// TestExactlyTheSameRequests: a run that replays another one sends the same bytes in the same order, canaries, calibration and
// warm-ups included; a run that does not begins its prompts with a mark of its own.
func TestExactlyTheSameRequests(t *testing.T) {
	file := filepath.Join(t.TempDir(), "custom.jsonl")
	if err := os.WriteFile(file, []byte(`{"prompt":"first"}`+"\n"+`{"prompt":"second"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*v1alpha1.Serving){
		"structured": func(v *v1alpha1.Serving) { v.Dataset = "json-unique" },
		"random":     func(v *v1alpha1.Serving) { v.Dataset, v.InputTokens, v.RangeRatio = "random", 30, 0.5 },
		"chat":       func(v *v1alpha1.Serving) { v.Dataset, v.API = "regex", "chat" },
		"custom":     func(v *v1alpha1.Serving) { v.Dataset, v.File = "custom", file },
	} {
		t.Run(name, func(t *testing.T) {
			server := &recorder{flawed: flawed{knows: structuredOutputs}}
			url, runs := serveHandler(t, server), t.TempDir()
			run := func(id, replays string) (drivers.SuiteResult, []string, error) {
				server.got = nil
				dir := filepath.Join(runs, id)
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				req := request0(url)
				req.Run, req.Replays = id, replays
				req.Serving = spec(func(v *v1alpha1.Serving) { v.Concurrency, v.Warmups = 1, 2; change(v) })
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				res, err := Suite{}.Run(ctx, req, dir, func(string) {})
				if err == nil {
					err = durable.Writer{}.ReplaceRecord(filepath.Join(dir, drivers.ResultFile), res, nil)
				}
				return res, slices.Clone(server.got), err
			}
			first, sent, err := run("r-1", "")
			if err != nil {
				t.Fatal(err)
			}
			_, other, err := run("r-2", "")
			if err != nil {
				t.Fatal(err)
			}
			if slices.Equal(sent, other) {
				t.Error("a run of its own sends what the other one sent")
			}
			again, resent, err := run("r-3", "r-1")
			if err != nil || slices.Contains(reasons(again), suite.ReasonNotExact) {
				t.Fatal(again.Reasons, err)
			}
			if !slices.Equal(sent, resent) {
				for i := range sent {
					if i >= len(resent) || sent[i] != resent[i] {
						t.Fatalf("of %d and %d requests number %d differs:\n%.300s\n%.300s", len(sent), len(resent), i, sent[i], resent[min(i, len(resent)-1)])
					}
				}
				t.Fatalf("%d requests became %d", len(sent), len(resent))
			}
			if first.Inputs == nil || again.Inputs.SHA256 != first.Inputs.SHA256 || first.Inputs.Requests != 20 || again.Inputs.Tag != first.Inputs.Tag || len(first.Inputs.Files) != map[string]int{"custom": 1}[name] {
				t.Errorf("%+v became %+v", first.Inputs, again.Inputs)
			}
			if _, _, err := run("r-4", "r-0"); err == nil || !strings.Contains(err.Error(), "run r-0 left no result") {
				t.Errorf("of a run that left nothing: %v", err)
			}
			if name == "custom" {
				if err := os.WriteFile(file, []byte(`{"prompt":"third"}`+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				if _, _, err := run("r-5", "r-1"); err == nil || !strings.Contains(err.Error(), "has changed since run r-1") {
					t.Errorf("with another file: %v", err)
				}
			}
		})
	}
}

// TestOtherRequestsAreNamed: requests that are not those that were to be sent again make the result invalid.
func TestOtherRequestsAreNamed(t *testing.T) {
	r := &runner{data: &dataset{}, was: &drivers.Inputs{Requests: 1, SHA256: "other"}}
	r.sent.add(0, []byte("body"))
	res := drivers.SuiteResult{Valid: true}
	if r.note(&res); res.Valid || len(res.Reasons) != 1 || res.Reasons[0].Reason != suite.ReasonNotExact {
		t.Errorf("%+v", res)
	}
}
