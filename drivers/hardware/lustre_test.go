package hardware

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Made-up figures in the shape of a client of 2.12 or later, and of 2.10.
const (
	newStats = `snapshot_time             1750226041.107594239 secs.nsecs
start_time                1750176720.831807230 secs.nsecs
read_bytes                500 samples [bytes] 4096 1048576 209715200 118747255799808
write_bytes               1000 samples [bytes] 47008 2097152 1048576000 16492674416640000000000
read                      500 samples [usec] 3 9000 120000 90000000
open                      13812 samples [usec] 1 7252 1027077 883536416
opencount                 13812 samples [reqs] 1 2 20718 34531
`
	oldStats = `snapshot_time             1522867234.134352 secs.usecs
write_bytes               2000 samples [bytes] 4096 1048576 2097152000
open                      136 samples [regs]
`
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, l *lustre, want map[string]float64, absent ...string) {
	t.Helper()
	out := &sink{}
	if err := l.collect(out); err != nil {
		t.Fatal(err)
	}
	got := shown(t, out.metrics)
	for name, v := range want {
		if has, ok := got[name]; !ok || has != v {
			t.Errorf("%s is %v (%v), want %v", name, has, ok, v)
		}
	}
	for _, name := range absent {
		if v, ok := got[name]; ok {
			t.Errorf("%s should be absent and is %v", name, v)
		}
	}
}

var wantNew = map[string]float64{"lustre_read_bytes_total/client": 209715200, "lustre_write_bytes_total/client": 1048576000,
	"lustre_read_samples_total/client": 500, "lustre_stats_total/client/open": 13812, "lustre_operation_seconds_total/client/open": 1.027077,
	"lustre_stats_total/client/opencount": 13812}

func TestLustreOfBothKinds(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	proc, sys := t.TempDir(), t.TempDir()
	put(t, filepath.Join(proc, "fs/lustre/llite/scratch-ffff9440/stats"), oldStats)
	expect(t, newLustre(proc, sys), map[string]float64{"lustre_write_bytes_total/client": 2097152000, "lustre_stats_total/client/open": 136},
		"lustre_read_bytes_total/client", "lustre_operation_seconds_total/client/open", "lustre_stats_total/client/mkdir", "lustre_stats_total/client/start_time")

	proc = t.TempDir()
	put(t, filepath.Join(proc, "self/mounts"), "10.0.0.1@o2ib:/scratch /scratch lustre rw 0 0\n")
	put(t, filepath.Join(sys, "kernel/debug/lustre/llite/scratch-ffff9440/stats"), newStats)
	put(t, filepath.Join(sys, "kernel/debug/lustre/osc/scratch-OST0000-osc-ffff9440/stats"), newStats)
	expect(t, newLustre(proc, sys), wantNew, "lustre_operation_seconds_total/client/opencount")
	expect(t, newLustre(proc, sys), map[string]float64{"lustre_read_bytes_total/osc": 209715200})
}

func TestLustreThroughLctl(t *testing.T) {
	proc, sys := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(sys, "fs/lustre"), 0o700); err != nil {
		t.Fatal(err)
	}
	fakeTool(t, "lctl", "echo 'error: get_param: osc: Permission denied' >&2\ncat <<'E'\nllite.scratch-ffff9440f1003000.stats=\n"+newStats+"E\nexit 1\n")
	expect(t, newLustre(proc, sys), wantNew)
}

func TestLustreRefused(t *testing.T) {
	proc, sys := t.TempDir(), t.TempDir()
	put(t, filepath.Join(proc, "self/mounts"), "10.0.0.1@o2ib:/scratch /scratch lustre rw 0 0\n")
	log := filepath.Join(t.TempDir(), "log")
	fakeTool(t, "lctl", "echo 'error: get_param: Operation not permitted' >&2; exit 1\n")
	fakeTool(t, "sudo", "echo called $1 >>"+log+"; echo 'sudo: a password is required' >&2; exit 1\n")
	l := newLustre(proc, sys)
	l.readDir = func(path string) ([]os.DirEntry, error) {
		return nil, &os.PathError{Op: "open", Path: path, Err: os.ErrPermission}
	}
	now := time.Unix(1000, 0)
	l.now = func() time.Time { return now }
	try := func(want string) {
		t.Helper()
		out := &sink{}
		err := l.collect(out)
		if err == nil || len(out.metrics) != 0 || errors.Is(err, errNotHere) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v with %d metrics", want, err, len(out.metrics))
		}
	}
	try("debugfs: permission denied")
	try("sudo lctl: refused before")
	now = now.Add(sudoPause)
	try("a password is required")
	if b, _ := os.ReadFile(log); string(b) != "called -n\ncalled -n\n" {
		t.Errorf("sudo was called: %q", b)
	}
}

func TestNoLustreIsNotMentioned(t *testing.T) {
	if err := newLustre(t.TempDir(), t.TempDir()).collect(&sink{}); !errors.Is(err, errNotHere) {
		t.Errorf("got %v", err)
	}
}

func FuzzParseLustre(f *testing.F) {
	f.Add("llite.a-ffff.stats=\n" + newStats + "osc.b.stats=\n" + oldStats)
	f.Add("llite.a.stats=\nread_bytes NaN samples [bytes] 1 2 -5\n")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("two broken names may be mended to the same")
		}
		for _, s := range parseLctl(text) {
			out := &sink{}
			s.emit(out)
			for name, v := range shown(t, out.metrics) {
				if !(v >= 0) {
					t.Errorf("%s is %v", name, v)
				}
			}
		}
	})
}
