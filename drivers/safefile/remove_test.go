package safefile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"assay/drivers/safefile"
	"assay/drivers/safefile/safefiletest"
)

func fifo(path string) error { return syscall.Mkfifo(path, 0o600) }

// home makes a folder with something in it, which no removal may reach.
func home(t *testing.T) (dir string, whole func() bool) {
	t.Helper()
	dir = t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "thesis"), []byte("years"), 0o600))
	return dir, func() bool { _, err := os.Stat(filepath.Join(dir, "thesis")); return err == nil }
}

// TestRemoveAll removes everything but what links lead to.
func TestRemoveAll(t *testing.T) {
	thesis, whole := home(t)
	for name, make := range map[string]func(path string) error{
		"a file":       func(p string) error { return os.WriteFile(p, nil, 0) },
		"nothing":      func(string) error { return nil },
		"no parent":    func(p string) error { return os.Remove(filepath.Dir(p)) },
		"a link":       func(p string) error { return os.Symlink(thesis, p) },
		"a FIFO":       fifo,
		"links inside": func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Symlink(thesis, p+"/l")) },
		"a closed folder": func(p string) error {
			return errors.Join(os.MkdirAll(p+"/a/b", 0o700), os.WriteFile(p+"/a/b/f", nil, 0o400), os.Chmod(p+"/a/b", 0), os.Chmod(p+"/a", 0o500))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x", "leftover")
			must(t, os.Mkdir(filepath.Dir(path), 0o700), make(path))
			if err := safefile.RemoveAll(t.Context(), path); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) || !whole() {
				t.Errorf("it is still there (%v), or what a link leads to is not (whole: %v)", err, whole())
			}
		})
	}
}

// TestRemoveStopsAtOthers: another user's file and a mounted folder stay, and are named.
func TestRemoveStopsAtOthers(t *testing.T) {
	safefiletest.NeedsRoot(t)
	for name, c := range map[string]struct {
		harm func(t *testing.T, dir string)
		says string
	}{
		"another user's file":   {func(t *testing.T, d string) { must(t, os.Chown(d+"/in/f", safefiletest.Attacker, -1)) }, "in/f belongs to uid 64124"},
		"another user's folder": {func(t *testing.T, d string) { must(t, os.Chown(d+"/in", safefiletest.Attacker, -1)) }, "in belongs to uid 64124"},
		"a mount of the same file system": {func(t *testing.T, d string) {
			thesis, whole := home(t)
			if err := syscall.Mount(thesis, d+"/in", "", syscall.MS_BIND, ""); err != nil {
				t.Skipf("mounting is not permitted here: %v", err)
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(d+"/in", 0); err != nil || !whole() {
					t.Errorf("%v; whole: %v", err, whole())
				}
			})
		}, "umount "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			must(t, os.MkdirAll(dir+"/in", 0o700), os.WriteFile(dir+"/in/f", []byte("x"), 0o600))
			c.harm(t, dir)
			if err := safefile.RemoveAll(t.Context(), dir); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

// TestOpenIn: what was found in a folder is read only if it is a file in that folder.
func TestOpenIn(t *testing.T) {
	thesis, _ := home(t)
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/f", []byte("in"), 0o600), os.Symlink("f", dir+"/inside"), os.Symlink(thesis+"/thesis", dir+"/outside"), fifo(dir+"/fifo"),
		os.Symlink("/dev/zero", dir+"/zero"), os.Symlink(thesis, dir+"/folder"), os.Mkdir(dir+"/sub", 0o700), os.Symlink("gone", dir+"/dangling"))
	for name, says := range map[string]string{"f": "", "inside": "", "outside": "leads out of", "fifo": "a FIFO", "zero": "leads out of",
		"folder/thesis": "escapes", "sub": "a folder", "dangling": "no such file", "none": "no such file", "../x": "escapes"} {
		f, err := safefile.OpenIn(dir, name)
		if (err != nil) != (says != "") || err != nil && (!strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "years")) {
			t.Errorf("%s: %v, want %q", name, err, says)
		}
		if err == nil {
			must(t, f.Close())
		}
	}
	for path, says := range map[string]string{dir + "/fifo": "a FIFO", "/dev/null": "a device", dir: "a folder", dir + "/outside": "", dir + "/none": "no such file"} {
		if _, err := safefile.ReadFile(path, 10); (err != nil) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", path, err, says)
		}
	}
	if _, err := safefile.ReadFile(dir+"/f", 1); err == nil {
		t.Error("more than the bound was read")
	}
}

// TestFolder: a folder below is reached through folders of this user alone, and a mark in it is read by descriptor.
func TestFolder(t *testing.T) {
	thesis, _ := home(t)
	dir := t.TempDir()
	must(t, os.MkdirAll(dir+"/a/b", 0o700), os.WriteFile(dir+"/a/b/mark", []byte("m"), 0o600), os.Symlink(dir+"/a", dir+"/link"), os.Symlink(thesis+"/thesis", dir+"/a/b/lost"), fifo(dir+"/a/b/fifo"))
	d, err := safefile.OpenFolder(dir)
	must(t, err)
	defer d.Close()
	for _, bad := range []string{"link/b", "..", "a/../..", "a/none", "a/b/mark"} {
		if _, err := d.Down(bad); err == nil {
			t.Errorf("it went to %s", bad)
		}
	}
	b, err := d.Down("a/b")
	must(t, err)
	defer b.Close()
	if got, err := b.ReadFile("mark", 10); err != nil || string(got) != "m" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{"lost", "fifo", "none", "../b/mark"} {
		if got, err := b.ReadFile(bad, 10); err == nil {
			t.Errorf("%s was read: %q", bad, got)
		}
	}
	if os.Geteuid() == 0 {
		must(t, os.Chown(dir+"/a/b/mark", safefiletest.Attacker, -1))
		if _, err := b.ReadFile("mark", 10); !errors.Is(err, safefile.ErrForeign) {
			t.Errorf("another user's mark: %v", err)
		}
	}
	if _, err := safefile.OpenFolder(dir + "/link"); err == nil {
		t.Error("a link was opened")
	}
}
