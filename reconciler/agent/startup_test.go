package agent

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/drivers"
)

const vllmStart = `INFO 11-20 10:00:01 [default_loader.py:267] Loading weights took 4.53 seconds
INFO 11-20 10:00:02 [gpu_model_runner.py:1892] Model loading took 14.2488 GiB and 5.402 seconds
INFO 11-20 10:00:30 [backends.py:462] torch.compile takes 24.5 s in total
INFO 11-20 10:00:52 [gpu_model_runner.py:2485] Graph capturing finished in 20 secs, took 0.85 GiB
`

// TestStartup: what a start took is read from where this start begins in the log, once.
func TestStartup(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, drivers.LogDir), 0o700); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	p := &process{a: &agent{dir: dir, o: Options{JobID: "1"}}, want: drivers.Process{Name: "llm"}, wanted: began}
	old := "Loading weights took 999 seconds\n"
	if err := os.WriteFile(filepath.Join(dir, p.log()), []byte(old+vllmStart), 0o600); err != nil {
		t.Fatal(err)
	}
	p.progress = started{began: began, launched: began.Add(8 * time.Second), log: int64(len(old))}
	p.readied(began.Add(70 * time.Second))
	p.readied(began.Add(time.Hour))
	want := &drivers.Startup{Prepare: 8, Serve: 62, Weights: 5.402, Compile: 44.5}
	if diff := cmp.Diff(want, p.state().Startup); diff != "" {
		t.Error(diff)
	}
	p = &process{a: p.a, want: p.want, wanted: began, progress: started{began: began, launched: began, log: int64(len(old + vllmStart))}}
	p.readied(began.Add(time.Second))
	if got := p.state().Startup; got.Weights != 0 || got.Compile != 0 || got.Serve != 1 {
		t.Errorf("a server that says nothing: %+v", got)
	}
}

// TestStartupCountsFailedStarts: what a start takes is what a new job takes, from when the server was wanted until it was Ready.
// Starts that failed before are part of it, and a later restart of the same server is not.
func TestStartupCountsFailedStarts(t *testing.T) {
	began := time.Now()
	p := &process{a: &agent{dir: t.TempDir()}, want: drivers.Process{Name: "llm"}, wanted: began}
	p.progress = started{began: began, launched: began.Add(time.Second)} // failed
	p.progress = started{began: began.Add(30 * time.Second), launched: began.Add(40 * time.Second)}
	p.readied(began.Add(100 * time.Second))
	want := drivers.Startup{Failed: 30, Prepare: 10, Serve: 60}
	if diff := cmp.Diff(&want, p.state().Startup); diff != "" || want.Total() != 100 {
		t.Error(want.Total(), diff)
	}
	p.progress = started{began: began.Add(time.Hour)} // it was restarted
	if diff := cmp.Diff(&want, p.state().Startup); diff != "" {
		t.Error(diff)
	}
	p.progress.launched = began.Add(time.Hour)
	p.readied(began.Add(time.Hour + time.Second))
	if diff := cmp.Diff(&want, p.state().Startup); diff != "" {
		t.Error(diff)
	}
}
