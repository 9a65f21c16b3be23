package upgrade

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	order := []string{"152ec9b", "devel", "v0.9.0", "v1.0.0-alpha1", "v1.0.0-rc1", "v1.0.0-rc2", "v1.0.0", "v1.0.0-3-gabcdef0", "v1.0.1", "v1.2.0", "v1.10.0"}
	for i, a := range order {
		for j, b := range order {
			if got := Compare(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("Compare(%s, %s) is %d", a, b, got)
			}
		}
		if Comparable(a) != strings.Contains(a, ".") {
			t.Errorf("Comparable(%s) is %v", a, Comparable(a))
		}
	}
}

func TestNewest(t *testing.T) {
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	text := "aa  assay-v1.2.0-linux-" + runtime.GOARCH + "\nbb  assay-v1.10.0-linux-" + runtime.GOARCH + "\nbc  assay-v1.10.0-linux-" + runtime.GOARCH + ".deb\ncc  assay-v2.0.0-linux-" + other + "\ndd  assay.def\n"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, sums), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	for _, at := range []string{dir, server.URL, server.URL + "/"} {
		got, err := Newest(t.Context(), at)
		if want := (Release{"v1.10.0", strings.TrimSuffix(at, "/") + "/assay-v1.10.0-linux-" + runtime.GOARCH, "bb"}); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", at, got, err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, sums), []byte("cc  assay-v2.0.0-linux-"+other+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{dir: "names no binary for linux-" + runtime.GOARCH, server.URL + "/nothing": "404", t.TempDir(): "no such file"} {
		if got, err := Newest(t.Context(), at); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want %s", at, got, err, want)
		}
	}
}
