package safefile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers/safefile"
	"assay/drivers/safefile/safefiletest"
)

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestPrivate judges folders on the way to one of the victim's.
func TestPrivate(t *testing.T) {
	const victim, attacker = safefiletest.Victim, safefiletest.Attacker
	for name, c := range map[string]struct {
		owner int // of the folder above
		mode  os.FileMode
		make  func(t *testing.T, dir string) // as root, when the victim has made dir
		kind  error                          // nil: private
		says  string
	}{
		"below root's folder":                {0, 0o755, nil, nil, ""},
		"below a folder of its own":          {victim, 0o700, nil, nil, ""},
		"below a sticky folder":              {0, 0o777 | os.ModeSticky, nil, nil, ""},
		"a folder that is not there yet":     {0, 0o755, func(t *testing.T, dir string) { must(t, os.Remove(dir)) }, nil, ""},
		"below a folder that all can write":  {0, 0o777, nil, safefile.ErrUnsafe, "have its owner type: chmod +t"},
		"below one of its own for the group": {victim, 0o770, nil, safefile.ErrUnsafe, "type: chmod go-w"},
		"below another user's folder":        {attacker, 0o755, nil, safefile.ErrForeign, "below your home"},
		"another user's sticky folder":       {attacker, 0o777 | os.ModeSticky, nil, safefile.ErrForeign, "below your home"},
		"others can write in it":             {0, 0o755, func(t *testing.T, dir string) { must(t, os.Chmod(dir, 0o777)) }, safefile.ErrUnsafe, "find "},
		"its group can write in it":          {0, 0o755, func(t *testing.T, dir string) { must(t, os.Chmod(dir, 0o770)) }, safefile.ErrUnsafe, "chmod go-w"},
		"another user's":                     {0, 0o755, func(t *testing.T, dir string) { must(t, os.Chown(dir, attacker, -1)) }, safefile.ErrForeign, "give a folder that is yours"},
		"root's":                             {0, 0o755, func(t *testing.T, dir string) { must(t, os.Chown(dir, 0, 0)) }, safefile.ErrForeign, "belongs to root"},
		"a file": {0, 0o755, func(t *testing.T, dir string) {
			must(t, os.Remove(dir), os.WriteFile(dir, nil, 0o600), os.Chown(dir, victim, -1))
		}, nil, "not a folder"},
		"by a link of its own": {0, 0o777 | os.ModeSticky, func(t *testing.T, dir string) {
			must(t, os.Rename(dir, dir+"-"), os.Symlink(filepath.Base(dir)+"-", dir), os.Lchown(dir, victim, -1))
		}, nil, ""},
		"by another user's link": {0, 0o777 | os.ModeSticky, func(t *testing.T, dir string) {
			must(t, os.Rename(dir, dir+"-"), os.Symlink(dir+"-", dir), os.Lchown(dir, attacker, -1))
		}, safefile.ErrForeign, "is a link of"},
		"by a link through a folder that all can write": {0, 0o755, func(t *testing.T, dir string) {
			open := safefiletest.Shared(t, 0o777)
			must(t, os.Rename(dir, open+"/s"), os.Symlink(open+"/s", dir))
		}, safefile.ErrUnsafe, "chmod +t"},
	} {
		t.Run(name, func(t *testing.T) {
			above := safefiletest.Shared(t, 0o777)
			dir := filepath.Join(above, "state")
			safefiletest.As(t, victim, func() { must(t, os.Mkdir(dir, 0o700)) })
			must(t, os.Chown(above, c.owner, c.owner), os.Chmod(above, c.mode))
			if c.make != nil {
				c.make(t, dir)
			}
			var err error
			safefiletest.As(t, victim, func() { err = safefile.Private(dir) })
			if (err != nil) != (c.says != "") || c.kind != nil && !errors.Is(err, c.kind) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v; want %v and %q", err, c.kind, c.says)
			}
		})
	}
}

// TestProgram: what another user planted, and what was changed afterwards, is not run.
func TestProgram(t *testing.T) {
	const sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of hello
	for name, c := range map[string]struct {
		folder string
		harm   func(t *testing.T, path string)
		says   string
	}{
		"as it was copied":     {sum, func(*testing.T, string) {}, ""},
		"it promises nothing":  {"bin", func(t *testing.T, p string) { must(t, os.WriteFile(p, []byte("else"), 0o700)) }, ""},
		"another content":      {sum, func(t *testing.T, p string) { must(t, os.WriteFile(p, []byte("else!"), 0o700)) }, "its content is not"},
		"a FIFO":               {sum, func(t *testing.T, p string) { must(t, os.Remove(p), fifo(p)) }, "FIFO"},
		"others can write it":  {sum, func(t *testing.T, p string) { must(t, os.Chmod(p, 0o722)) }, "mode 0722"},
		"it is another user's": {sum, func(t *testing.T, p string) { must(t, os.Chown(p, safefiletest.Attacker, -1)) }, "belongs to"},
		"it is gone":           {sum, func(t *testing.T, p string) { must(t, os.Remove(p)) }, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(c.says, "belongs") {
				safefiletest.NeedsRoot(t)
			}
			path := filepath.Join(t.TempDir(), c.folder, "assay")
			must(t, os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("hello"), 0o700), safefile.Program(path))
			c.harm(t, path)
			for range 2 {
				if err := safefile.Program(path); (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v, want %q", err, c.says)
				}
			}
		})
	}
}

// TestTrusted: a file of this user or of root that nobody else can change.
func TestTrusted(t *testing.T) {
	for name, c := range map[string]struct {
		owner int
		mode  os.FileMode
		kind  error
	}{
		"its own": {safefiletest.Victim, 0o600, nil}, "root's": {0, 0o644, nil},
		"another user's": {safefiletest.Attacker, 0o644, safefile.ErrForeign}, "others can write it": {safefiletest.Victim, 0o666, safefile.ErrUnsafe},
	} {
		path := filepath.Join(safefiletest.Shared(t, 0o755), "image.sif")
		must(t, os.WriteFile(path, nil, 0o600), os.Chmod(path, c.mode), os.Chown(path, c.owner, -1))
		safefiletest.As(t, safefiletest.Victim, func() {
			if err := safefile.Trusted(path); !errors.Is(err, c.kind) {
				t.Errorf("%s: %v", name, err)
			}
			if err := safefile.Trusted(filepath.Dir(path)); err != nil {
				t.Errorf("root's folder: %v", err)
			}
		})
	}
}
