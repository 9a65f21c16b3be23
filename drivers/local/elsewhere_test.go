package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/drivers"

	"github.com/google/go-cmp/cmp"
)

// snapshot is every file below dir: its content, its age and its mode.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		content := ""
		if !e.IsDir() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(b)
		}
		out[path] = fmt.Sprint(info.Mode(), info.ModTime(), content)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// asked is what a scheduler answered that ran in another process.
type asked struct {
	Jobs        []drivers.Job
	Err         string
	Unavailable bool
}

// ask lists, cancels or fences, and prints what came of it. TestMain runs it in another pid namespace.
func ask(dir, verb string, id drivers.JobID, nonce string) error {
	s, err := New(dir, Options{Shepherd: []string{os.Args[0], "shepherd"}, Prefix: "here-"})
	if err != nil {
		return err
	}
	var a asked
	switch verb {
	case "list":
		a.Jobs, err = s.Jobs(context.Background(), "s")
	case "cancel":
		err = s.Cancel(context.Background(), id, nonce)
	case "fence":
		err = s.Fence(context.Background(), id, nonce)
	}
	if err != nil {
		a.Err, a.Unavailable = err.Error(), errors.Is(err, drivers.ErrUnavailable)
	}
	return json.NewEncoder(os.Stdout).Encode(a)
}

// contained asks from another pid namespace, as a command in a container would. It skips the test where making one is
// not permitted.
func contained(t *testing.T, args ...string) asked {
	t.Helper()
	unshare := []string{"--pid", "--fork", "--mount-proc"}
	if out, err := exec.Command("unshare", append(unshare, "true")...).CombinedOutput(); err != nil {
		if os.Geteuid() == 0 {
			t.Fatalf("root cannot make a pid namespace: %v: %s", err, out)
		}
		t.Skipf("making a pid namespace is not permitted here: %v: %s", err, out)
	}
	cmd := exec.Command("unshare", append(append(unshare, self(t), "ask"), args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var a asked
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return a
}

// TestAnotherNamespaceOnlyReads is finding C1: a listing from inside a container, of a job that runs outside of it.
func TestAnotherNamespaceOnlyReads(t *testing.T) {
	sp := spec(t, "s", "namespace", "family")
	s, id := start(t, sp)
	await(t, s, id, running)
	pids := family(t, sp.Dir)
	before := snapshot(t, s.dir)
	for _, verb := range []string{"list", "cancel", "fence"} {
		a := contained(t, s.dir, verb, string(id), sp.Tag.Nonce)
		if len(a.Jobs) > 0 || !a.Unavailable || !strings.Contains(a.Err, string(id)) || !strings.Contains(a.Err, "namespace") {
			t.Errorf("%s there gave %+v", verb, a)
		}
	}
	if d := cmp.Diff(before, snapshot(t, s.dir)); d != "" {
		t.Errorf("files changed: %s", d)
	}
	if !alive(pids) {
		t.Errorf("not all of its processes %v live", pids)
	}
	if j, err := s.read(string(id)); err != nil || j.State != drivers.JobRunning {
		t.Errorf("here the job is %+v, %v", j, err)
	}
}

// TestAnotherHostOnlyReads does the same with a job whose record names another host.
func TestAnotherHostOnlyReads(t *testing.T) {
	sp := spec(t, "s", "host", "family")
	s, id := start(t, sp)
	await(t, s, id, running)
	pids := family(t, sp.Dir)
	path := filepath.Join(s.folder(string(id)), startedFile)
	here, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var there map[string]any
	if err := json.Unmarshal(here, &there); err != nil {
		t.Fatal(err)
	}
	there["host"], there["machineID"], there["boot"] = "far", "far", "far"
	b, err := json.Marshal(there)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.WriteFile(path, here, 0o600) }) // so that it can be ended
	before := snapshot(t, s.dir)
	jobs, err := s.Jobs(t.Context(), "s")
	if len(jobs) > 0 || !errors.Is(err, drivers.ErrUnavailable) || !strings.Contains(fmt.Sprint(err), "far") {
		t.Errorf("listed is %+v, %v", jobs, err)
	}
	limit := time.Hour
	for what, err := range map[string]error{
		"cancelling": s.Cancel(t.Context(), id, sp.Tag.Nonce),
		"changing":   s.Reconfigure(t.Context(), id, sp.Tag.Nonce, drivers.Change{Time: &limit}),
		"fencing":    s.Fence(t.Context(), id, sp.Tag.Nonce),
	} {
		if !errors.Is(err, drivers.ErrUnavailable) || !strings.Contains(fmt.Sprint(err), "on host far") || !strings.Contains(fmt.Sprint(err), "rm -r "+s.folder(string(id))) {
			t.Errorf("%s gave %v", what, err)
		}
	}
	if err := s.Cancel(t.Context(), id, "another"); err != nil {
		t.Errorf("cancelling with another nonce gave %v", err)
	}
	if d := cmp.Diff(before, snapshot(t, s.dir)); d != "" {
		t.Errorf("files changed: %s", d)
	}
	if !alive(pids) {
		t.Errorf("not all of its processes %v live", pids)
	}
}
