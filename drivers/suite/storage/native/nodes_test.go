package native

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite/storage"
)

// TestOneNodeFails: when any node fails, in a phase that would go on for long, the run ends everywhere at once, and the
// error names the node and the reason.
func TestOneNodeFails(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for rank, node := range map[int]string{0: "", 2: "node 1: ", 5: "node 2: "} {
		t.Run(fmt.Sprint(rank), func(t *testing.T) {
			req, dir := request(t, 3)
			req.Storage.BlockSize, req.Storage.Stonewall = 0, v1alpha1.Duration(time.Hour)
			began := time.Now()
			_, err := Engine{Srun: self}.Run(t.Context(), req, dir, func(phase string) {
				if phase == "ior-easy-write" { // what this rank wants to write to cannot be written
					if err := os.Mkdir(filepath.Join(treeOf(req), easyIO, fmt.Sprint(rank)), 0o700); err != nil {
						t.Error(err)
					}
				}
			})
			if err == nil || !strings.HasPrefix(err.Error(), "ior-easy-write: "+node+"open ") || !strings.Contains(err.Error(), "is a directory") {
				t.Errorf("%v", err)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			empty(t, req.Directory)
		})
	}
}

// TestNodeLost: a node that dies in the middle of a phase without a word ends the run.
func TestNodeLost(t *testing.T) {
	t.Setenv("WORKER_DIES", "1")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	req, dir := request(t, 2)
	req.Storage.BlockSize, req.Storage.Stonewall = 0, v1alpha1.Duration(time.Hour)
	began := time.Now()
	if _, err = (Engine{Srun: self}).Run(t.Context(), req, dir, func(string) {}); err == nil || !strings.Contains(err.Error(), "other nodes") {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	empty(t, req.Directory)
}

// TestNeighbours: with several nodes every task reads what a task of the next node has written, so that no node reads its
// own cache, and compares it: the first node finds the fault in the file of the second.
func TestNeighbours(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for phase, file := range map[string]string{"ior-easy-read": easyIO + "/2", "ior-hard-read": hardIOFile, "mdtest-hard-read": hardMD + "/file.2.0"} {
		t.Run(phase, func(t *testing.T) {
			req, dir := request(t, 3)
			at := int64(0)
			if phase == "ior-hard-read" {
				at = 2 * storage.HardRecord
			}
			_, err := Engine{Srun: self}.Run(t.Context(), req, dir, func(line string) {
				if line == phase {
					spoil(t, filepath.Join(treeOf(req), file), at)
				}
			})
			if err == nil || !strings.HasPrefix(err.Error(), phase+": "+errCorrupt.Error()) || !strings.Contains(err.Error(), "piece 0 of task 2") {
				t.Errorf("%v", err)
			}
			empty(t, req.Directory)
		})
	}
}

// spoil changes one byte of a file.
func spoil(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Error(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b, at); err != nil {
		t.Error(err)
	}
}

// TestReasonWins: when a node fails, its reason ends the run, not the connections that are closed because of it.
func TestReasonWins(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	req, dir := request(t, 2)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	c, stop, err := Engine{Srun: self}.comm(ctx, cancel, dir, briefing{Root: t.TempDir(), Spec: *req.Storage})
	if err != nil {
		t.Fatal(err)
	}
	cancel(errors.New("node 1: its disk is full"))
	_ = stop()
	l := c.(*leader)
	for range 30 { // either of two cases of a select that are both ready
		l.reports[0] = make(chan report, 1)
		l.reports[0] <- report{Phase: "find", Step: "begin"}
		if _, err := l.allgather(ctx, report{Phase: "find", Step: "begin"}); err == nil || err.Error() != "node 1: its disk is full" {
			t.Fatal(err)
		}
	}
}
