package container

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers/safefile"
	"assay/drivers/safefile/safefiletest"
)

// TestAnotherUsersImage: in a folder that all can write another user put an image under the name of one that is to be fetched.
func TestAnotherUsersImage(t *testing.T) {
	p := newPuller(t)
	p.Site.Spec.Container.Images = safefiletest.Shared(t, 0o777)
	image := parsed(t, "docker://a:1")
	file := File(p.Site, image[0])
	safefiletest.As(t, safefiletest.Attacker, func() {
		if err := os.WriteFile(file, []byte("trap"), 0o644); err != nil {
			t.Error(err)
		}
	})
	if err := p.Pull(t.Context(), image); !errors.Is(err, safefile.ErrUnsafe) || !strings.Contains(err.Error(), "chmod go-w") {
		t.Errorf("a folder that all can write: %v", err)
	}
	if err := os.Chmod(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := p.Pull(t.Context(), image); !errors.Is(err, safefile.ErrForeign) {
		t.Errorf("another user's image: %v: %s", err, p.text())
	}
}
