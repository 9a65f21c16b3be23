package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestBeat: a number is overwritten in place, and a reader takes nothing that is not whole.
func TestBeat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "beat")
	if _, err := ReadBeat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is none yet: %v", err)
	}
	b := &Beat{Path: path}
	defer b.Close()
	var first fs.FileInfo
	for _, p := range []Pulse{{1, 0}, {999, 1}, {1000, 18446744073709551615}} {
		if err := b.Write(p); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadBeat(path); err != nil || got != p {
			t.Errorf("wrote %+v, read %+v, %v", p, got, err)
		}
		info, err := os.Stat(path)
		if err != nil || first != nil && !os.SameFile(first, info) || info.Size() != pulseSize || info.Mode().Perm() != 0o600 {
			t.Errorf("it is another file, or not as it should be: %v, %v", info, err)
		}
		first = info
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good { // any byte that is not what was written
		bad := append([]byte(nil), good...)
		bad[i] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadBeat(path); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d is another and it is read: %v", i, err)
		}
	}
	if err := os.WriteFile(path, good[:20], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadBeat(path); !errors.Is(err, ErrDamaged) {
		t.Errorf("it is cut short: %v", err)
	}
}

// TestBeatComesBack: after its name, its folder or its handle was gone the file is made again.
func TestBeatComesBack(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(b *Beat, dir string) error
		fail bool // the next Write fails
	}{
		"the name is gone":         {harm: func(b *Beat, _ string) error { return os.Remove(b.Path) }},
		"another file has it":      {harm: func(b *Beat, _ string) error { return Writer{}.Replace(b.Path, []byte("x"), nil) }},
		"the handle is stale":      {harm: func(b *Beat, _ string) error { return b.file.Close() }, fail: true},
		"the folder was put aside": {harm: func(_ *Beat, dir string) error { return errors.Join(os.Rename(dir, dir+"-"), os.Mkdir(dir, 0o700)) }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "job")
			b := &Beat{Path: filepath.Join(dir, "beat")}
			if err := b.Write(Pulse{1, 1}); err == nil {
				t.Fatal("it was written into a folder that is not there")
			}
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := b.Write(Pulse{2, 1}); err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			b.Check()
			if b.file == nil {
				t.Fatal("nothing is wrong, and it was closed")
			}
			if err := c.harm(b, dir); err != nil {
				t.Fatal(err)
			}
			b.Check()
			if err := b.Write(Pulse{3, 1}); c.fail && err != nil {
				err = b.Write(Pulse{3, 1})
				if err != nil {
					t.Fatal(err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if got, err := ReadBeat(b.Path); err != nil || got.Count != 3 {
				t.Errorf("read %+v, %v", got, err)
			}
		})
	}
}
