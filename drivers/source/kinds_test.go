package source

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/safefile"
)

// TestOnlyFilesAreRead: a FIFO, a device, a socket and a link out of the folder are refused at once and by name, and nothing of
// what a link leads to is shown.
func TestOnlyFilesAreRead(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "id_rsa")
	if err := os.WriteFile(secret, []byte("BEGIN PRIVATE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fifo := func(p string) error { return syscall.Mkfifo(p, 0o600) }
	read := func(paths ...string) error { _, err := readAll(paths, nil); return err }
	secretIn := func(p string) error { _, err := readSecret(p); return err }
	for name, c := range map[string]struct {
		make func(path string) error
		read func(path string) error
		says string // empty: it is read
	}{
		"a FIFO in a folder":        {fifo, func(p string) error { return read(filepath.Dir(p)) }, "it is a FIFO"},
		"a FIFO":                    {fifo, func(p string) error { return read(p) }, "apply -f -"},
		"a FIFO for a secret":       {fifo, secretIn, "it is a FIFO"},
		"a device in a folder":      {func(p string) error { return os.Symlink("/dev/zero", p) }, func(p string) error { return read(filepath.Dir(p)) }, "leads out of"},
		"a link out of a folder":    {func(p string) error { return os.Symlink(secret, p) }, func(p string) error { return read(filepath.Dir(p)) }, "leads out of"},
		"a relative one":            {func(p string) error { return os.Symlink("../../x", p) }, func(p string) error { return read(filepath.Dir(p)) }, "leads out of"},
		"a link in a folder":        {func(p string) error { return errors.Join(os.WriteFile(p+"-", nil, 0o600), os.Symlink("m.yaml-", p)) }, func(p string) error { return read(filepath.Dir(p)) }, ""},
		"a link that was named":     {func(p string) error { return os.Symlink(secret, p) }, func(p string) error { return read(p) }, ""},
		"a link for a secret":       {func(p string) error { return os.Symlink(secret, p) }, secretIn, ""},
		"a secret that is readable": {func(p string) error { return os.WriteFile(p, []byte("x"), 0o644) }, secretIn, "chmod 600"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m.yaml")
			if err := c.make(path); err != nil {
				t.Fatal(err)
			}
			got := make(chan error, 1)
			go func() { got <- c.read(path) }()
			select {
			case err := <-got:
				if (err != nil) != (c.says != "") || err != nil && (!strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "PRIVATE")) {
					t.Errorf("%v, want %q", err, c.says)
				}
				if strings.Contains(name, "out of") && !errors.Is(err, safefile.ErrKind) {
					t.Errorf("its kind is not told: %v", err)
				}
			case <-time.After(time.Minute):
				t.Fatal("it waits")
			}
		})
	}
}

func readSecret(path string) (string, error) { return Secret(v1alpha1.Secret{File: path}) }
