// Package imagetest makes images for tests with the real Apptainer: each from a folder with a few programs of this
// machine, the libraries that they need, and a shell. So such a test needs no registry. layout.go makes an OCI image layout
// of one, and a registry on the loopback interface of that, for tests of pulling.
package imagetest

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Need skips the test where Apptainer is not installed, and as root, which Apptainer's images do not need. It fails the
// test instead where ASSAY_REQUIRE_APPTAINER is 1.
func Need(t testing.TB) {
	t.Helper()
	missing := ""
	switch _, err := exec.LookPath("apptainer"); {
	case err != nil:
		missing = "Apptainer is not installed: make test-sites tests with it"
	case os.Getuid() == 0:
		missing = "Apptainer is tested as an ordinary user: make test-sites does so"
	default:
		return
	}
	if os.Getenv("ASSAY_REQUIRE_APPTAINER") == "1" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// Image says what an image holds, by absolute path in it.
type Image struct {
	Programs map[string]string // files of this machine
	Scripts  map[string]string // text, executable
	Folders  []string          // of this machine, at the same path; the ones that do not exist are left out
}

// Build writes the image as a .sif file.
func (i Image) Build(t testing.TB, sif string) {
	t.Helper()
	root := i.Folder(t)
	must(t, os.MkdirAll(filepath.Dir(sif), 0o755))
	// Not compressed: these images are used once.
	run(t, "apptainer", "build", "--mksquashfs-args", "-noI -noD -noF -noX", sif, root)
}

// Folder is what is in the image, as a folder.
func (i Image) Folder(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"tmp", "proc", "sys", "dev", "etc"} {
		must(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	shell, err := exec.LookPath("sh")
	must(t, err)
	add(t, root, "/bin/sh", shell)
	for to, from := range i.Programs {
		add(t, root, to, from)
	}
	for to, text := range i.Scripts {
		put(t, filepath.Join(root, to), strings.NewReader(text))
	}
	for _, dir := range i.Folders {
		if _, err := os.Stat(dir); err == nil {
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(root, dir)), 0o755))
			run(t, "cp", "-rL", dir, filepath.Join(root, dir))
		}
	}
	return root
}

// add copies a program into the image, and its libraries to where it looks for them.
func add(t testing.TB, root, to, from string) {
	t.Helper()
	copyFile(t, filepath.Join(root, to), from)
	for _, word := range strings.Fields(libraries(from)) {
		if filepath.IsAbs(word) {
			copyFile(t, filepath.Join(root, word), word)
		}
	}
}

// libraries is what ldd prints; for a static program or a script it fails, which is as good.
func libraries(program string) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ldd", program).Output()
	if err != nil {
		return ""
	}
	return string(out)
}

func copyFile(t testing.TB, to, from string) {
	t.Helper()
	f, err := os.Open(from)
	must(t, err)
	defer f.Close()
	put(t, to, f)
}

func put(t testing.TB, path string, from io.Reader) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	must(t, err)
	_, err = io.Copy(f, from)
	must(t, err)
	must(t, f.Close())
}

func run(t testing.TB, argv ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
