package native

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite/storage"
)

// TestOneNodeFails: whichever node fails, in a phase that would go on for long, the run ends everywhere at once, and the
// error says where and why.
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

// TestNeighbours: with several nodes every task reads what a task of the next node has written, so that nobody reads its
// own cache, and compares it: the first node finds what is wrong with the file of the second.
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
