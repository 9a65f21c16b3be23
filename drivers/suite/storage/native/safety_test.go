package native

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/suite/storage"
)

func TestRefusedBeforeAnythingIsWritten(t *testing.T) {
	req, dir := request(t, 1)
	req.Storage.BlockSize = 1 << 60
	if _, err := measure(t, req, dir); err == nil || !strings.Contains(err.Error(), "lower blockSize") {
		t.Errorf("%v", err)
	}
	empty(t, req.Directory)
}

// TestOnlyItsOwn: the target's contents stay, also a directory with the name of the run's own.
func TestOnlyItsOwn(t *testing.T) {
	req, dir := request(t, 1)
	if err := os.MkdirAll(filepath.Join(treeOf(req), "mine"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := measure(t, req, dir); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(treeOf(req), "mine")); err != nil {
		t.Error(err)
	}
}

func TestCancel(t *testing.T) {
	for _, nodes := range []int{1, 2} {
		req, dir := request(t, nodes)
		req.Storage.Segments = 1 << 30 / storage.HardRecord // more than there is time for
		req.Storage.BlockSize = 0
		ctx, cancel := context.WithCancel(t.Context())
		self, _ := os.Executable()
		_, err := Engine{Srun: self}.Run(ctx, req, dir, func(line string) {
			if line == "ior-easy-write" {
				time.AfterFunc(300*time.Millisecond, cancel)
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d nodes: %v", nodes, err)
		}
		empty(t, req.Directory)
	}
}

// TestDiskFull fills a real file system, with bytes or files, in the middle of each write phase; it takes root to make one.
func TestDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a small file system takes root")
	}
	for _, nodes := range []int{1, 2} {
		for _, p := range storage.Phases {
			if p.Write {
				t.Run(fmt.Sprint(p.Name, nodes), func(t *testing.T) { diskFull(t, p.Name, nodes) })
			}
		}
	}
}

func diskFull(t *testing.T, phase string, nodes int) {
	req, dir := request(t, nodes)
	if err := syscall.Mount("tmpfs", req.Directory, "tmpfs", 0, "size=16m,nr_inodes=600"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(req.Directory, syscall.MNT_DETACH) })
	req.Storage.Segments, req.Storage.Files, req.Storage.BlockSize = 5, 50, 1<<20
	self, _ := os.Executable()
	_, err := Engine{Srun: self}.Run(t.Context(), req, dir, func(line string) {
		if line == phase { // another program takes the space that was free before
			takeAll(t, filepath.Join(req.Directory, "other"))
		}
	})
	if err == nil || !strings.Contains(err.Error(), "no space left on device") || !strings.HasPrefix(err.Error(), phase) || drivers.LostBy(err) != drivers.LostDisk {
		t.Errorf("it lost %q: %v", drivers.LostBy(err), err)
	}
	if left, _ := os.ReadDir(req.Directory); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// takeAll leaves room for neither a byte nor a file.
func takeAll(t *testing.T, folder string) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Error(err)
	}
	block := make([]byte, 1<<20)
	for i := 0; ; i++ {
		if os.WriteFile(filepath.Join(folder, fmt.Sprint(i)), block, 0o600) != nil && i > 100 {
			block = nil
			if os.WriteFile(filepath.Join(folder, fmt.Sprint("empty", i)), nil, 0o600) != nil {
				return
			}
		}
	}
}

// TestClosed: a phase that fails leaves no file open; on NFS such a file could not be removed.
func TestClosed(t *testing.T) {
	w := local(t)
	if err := os.Mkdir(w.path(easyIO, 1), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := w.run(t.Context()); err == nil {
		t.Error("a directory was written to")
	}
	for _, task := range w.tasks {
		if task.file != nil {
			t.Errorf("task %d has %s open", task.rank, task.file.Name())
		}
	}
}
