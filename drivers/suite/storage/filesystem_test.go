package storage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/drivers"
	"assay/drivers/suite"
)

const mounts = `22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:40 / /scratch rw - lustre 10.0.0.1@o2ib:10.0.0.2@o2ib:/scratch rw,flock
31 30 0:41 / /scratch/my\040files rw - nfs4 nas:/export\134x rw
32 22 0:42 /a /tmp rw master:2 - ext4 /dev/old rw
33 22 0:43 / /tmp rw - tmpfs tmpfs rw
broken line
`

func TestMountOf(t *testing.T) {
	for path, want := range map[string]mount{
		"/home/u":               {"254:1", "/", "ext4", "/dev/vda1"},
		"/scratch/u":            {"0:40", "/scratch", "lustre", "10.0.0.1@o2ib:10.0.0.2@o2ib:/scratch"},
		"/scratchy":             {"254:1", "/", "ext4", "/dev/vda1"},
		"/scratch/my files/run": {"0:41", "/scratch/my files", "nfs4", `nas:/export\x`},
		"/tmp":                  {"0:43", "/tmp", "tmpfs", "tmpfs"}, // the later one hides the earlier
	} {
		if got, ok := mountOf(mounts, path); !ok || got != want {
			t.Errorf("%s: %+v", path, got)
		}
	}
	if _, ok := mountOf("", "/"); ok {
		t.Error("a mount of an empty table")
	}
}

func TestDeviceOf(t *testing.T) {
	root := t.TempDir()
	disk := filepath.Join(root, "devices/nvme0n1")
	for name, text := range map[string]string{"queue/rotational": "0\n", "device/model": "FAST 9000  \n", "nvme0n1p2/partition": "2\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(disk, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(disk, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "dev/block"), 0o700); err != nil {
		t.Fatal(err)
	}
	for number, to := range map[string]string{"259:0": disk, "259:2": filepath.Join(disk, "nvme0n1p2")} {
		if err := os.Symlink(to, filepath.Join(root, "dev/block", number)); err != nil {
			t.Fatal(err)
		}
		got, err := deviceOf(root, number)
		if err != nil || *got != (drivers.BlockDevice{Name: "nvme0n1", Model: "FAST 9000"}) {
			t.Errorf("%s: %+v %v", number, got, err)
		}
	}
	for _, number := range []string{"0:40", ""} {
		if _, err := deviceOf(root, number); err == nil || !strings.Contains(err.Error(), "no block device") {
			t.Errorf("%q: %v", number, err)
		}
	}
}

// The layouts are made up: no Lustre was at hand. Their form is that of lfs getstripe -d, one line or several.
func TestStripes(t *testing.T) {
	for text, want := range map[string]drivers.Stripes{
		"stripe_count:  4 stripe_size:   1048576 pattern:       raid0 stripe_offset: -1 pool: flash": {Count: 4, Size: 1 << 20, Pool: "flash"},
		"/scratch/io\nstripe_count:  4294967295\nstripe_size:   4194304\nstripe_offset: -1\n":        {Count: -1, Size: 4 << 20},
	} {
		got, err := parseStripes(text)
		if err != nil || *got != want {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	}
	for _, parts := range []string{"", strings.Repeat("stripe_count: 1 stripe_size: 1048576\n", 2)} {
		if got, err := parseStripes(parts); err == nil {
			t.Errorf("%q: %+v", parts, got)
		}
	}
}

// TestDescribe: of this machine's file systems the type and the free space are known; what is not says why.
func TestDescribe(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("/dev/shm", link); err != nil {
		t.Fatal(err)
	}
	shm, linked := Describe(t.Context(), "/dev/shm"), Describe(t.Context(), link)
	shm.FreeBytes, linked.FreeBytes, shm.FreeInodes, linked.FreeInodes = 0, 0, 0, 0 // others use it too
	if d := cmp.Diff(shm, linked); d != "" {
		t.Error(d)
	}
	if shm.Type == "tmpfs" {
		fault, is := InMemory(shm)
		if !is || fault.Reason != suite.ReasonInMemory || shm.Device != nil || shm.Absent["device"] == "" {
			t.Errorf("%+v %v", shm, fault)
		}
	}
	if here := Describe(t.Context(), t.TempDir()); here.Type == "" || here.Bytes <= 0 || here.FreeBytes <= 0 {
		t.Errorf("%+v", here)
	}
	if _, is := InMemory(&drivers.FileSystem{Type: "ext4", Device: &drivers.BlockDevice{Name: "zram0"}}); !is {
		t.Error("a disk in memory")
	}
	if _, is := InMemory(&drivers.FileSystem{Type: "ext4", Device: &drivers.BlockDevice{Name: "sda"}}); is {
		t.Error("a disk")
	}
	if none := Describe(t.Context(), "/none/there"); none.Absent["bytes"] == "" {
		t.Errorf("%+v", none)
	}
}
