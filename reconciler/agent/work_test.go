package agent

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// TestWork: the bar that a server drew last is how far its start is; an older start's bar, and one that is full, say nothing.
func TestWork(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, drivers.LogDir), 0o700); err != nil {
		t.Fatal(err)
	}
	p := &process{a: &agent{dir: dir, o: Options{JobID: "1"}}, want: drivers.Process{Name: "llm"}, phase: drivers.PhaseStarting}
	now := time.Now()
	for _, c := range []struct {
		log  string
		want *v1alpha1.Work
	}{
		{"INFO starting\n", nil},
		{"\rLoading safetensors checkpoint shards:   0% Completed | 0/4 [00:00<?, ?it/s]\n\rLoading safetensors checkpoint shards:  50% Completed | 2/4 [00:01<00:01,  1.5it/s]\n", &v1alpha1.Work{What: "weights", Done: 2, Total: 4}},
		{"\rLoading safetensors checkpoint shards: 100% Completed | 4/4 [00:02<00:00,  1.9it/s]\n", nil},
		{"\rCapturing CUDA graphs (mixed prefill-decode, PIECEWISE):  35%|███▌      | 24/67 [00:03<00:05]", &v1alpha1.Work{What: "graphs", Done: 24, Total: 67}},
	} {
		if err := os.WriteFile(filepath.Join(dir, p.log()), []byte("Loading safetensors checkpoint shards:  25% Completed | 1/4\n"+c.log), 0o600); err != nil {
			t.Fatal(err)
		}
		p.progress.log = int64(len("Loading safetensors checkpoint shards:  25% Completed | 1/4\n"))
		now = now.Add(workEvery)
		p.watchWork(now)
		if diff := cmp.Diff(c.want, p.state().Work); diff != "" {
			t.Errorf("%q: %s", c.log, diff)
		}
	}
	p.phase = drivers.PhaseReady
	if p.watchWork(now); p.state().Work != nil {
		t.Errorf("a Ready server is at %+v", p.work)
	}
}
