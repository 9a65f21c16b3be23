package local

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"assay/drivers"
	"assay/drivers/durable"

	"github.com/google/go-cmp/cmp"
)

func TestShepherdKilled(t *testing.T) {
	sp := spec(t, "s", "shepherd-killed", "family")
	s, id := start(t, sp)
	await(t, s, id, running)
	pids := family(t, sp.Dir)
	var st started
	if err := durable.ReadRecord(filepath.Join(s.folder(string(id)), startedFile), &st); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(st.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	j := await(t, s, id, drivers.JobState.Terminal)
	if j.State != drivers.JobNodeFail {
		t.Errorf("it ended as %s", j.State)
	}
	before := snapshot(t, s.dir)
	if _, err := s.Jobs(t.Context(), "s"); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(before, snapshot(t, s.dir)); d != "" || !alive(pids) {
		t.Errorf("a listing ended it; its processes live: %v; files: %s", alive(pids), d)
	}
	for range 2 {
		if err := s.Fence(t.Context(), id, sp.Tag.Nonce); err != nil {
			t.Fatal(err)
		}
		if alive(pids[:1]) || alive(pids[1:2]) || alive(pids[2:]) {
			t.Fatal("what it left behind lives after the fence")
		}
	}
	if j, err := open(t, s.dir).Ended(t.Context(), id, sp.Tag.Nonce); err != nil || j.State != drivers.JobNodeFail {
		t.Errorf("later it is %+v, %v", j, err)
	}
	var e end
	if err := durable.ReadRecord(filepath.Join(s.folder(string(id)), endFile), &e); err != nil { // else it is never forgotten
		t.Errorf("its end is not recorded: %v", err)
	}
}

// TestFolderRemoved: a job whose folder was removed by hand is fenced all the same, also when nobody knows its id any more.
func TestFolderRemoved(t *testing.T) {
	for name, known := range map[string]bool{"known": true, "unknown": false} {
		t.Run(name, func(t *testing.T) {
			sp := spec(t, "s", "folder-removed-"+name, "family")
			s := open(t, t.TempDir())
			id, err := s.Submit(t.Context(), sp)
			if err != nil {
				t.Fatal(err)
			}
			pids := family(t, sp.Dir)
			if err := os.RemoveAll(s.folder(string(id))); err != nil {
				t.Fatal(err)
			}
			if jobs, err := s.Jobs(t.Context(), "s"); err != nil || len(jobs) != 0 {
				t.Errorf("listed is %+v, %v", jobs, err)
			}
			if !known {
				id = ""
			}
			if err := s.Fence(t.Context(), id, sp.Tag.Nonce); err != nil {
				t.Error(err)
			}
			gone(t, pids)
		})
	}
}

// TestLeftovers: what a job started ends with it, in its process group or not, whether it was cancelled or went by itself.
func TestLeftovers(t *testing.T) {
	for name, job := range map[string][]string{"cancelled": {"family"}, "exited": {"family", "exit"}} {
		t.Run(name, func(t *testing.T) {
			sp := spec(t, "s", "leftovers-"+name, job...)
			s, id := start(t, sp)
			pids := family(t, sp.Dir)
			if name == "cancelled" {
				if err := s.Cancel(t.Context(), id, sp.Tag.Nonce); err != nil {
					t.Fatal(err)
				}
			}
			await(t, s, id, drivers.JobState.Terminal)
			gone(t, pids)
		})
	}
}
