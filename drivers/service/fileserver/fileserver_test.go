package fileserver

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHandler serves the folder and nothing outside of it, and counts.
func TestHandler(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.txt"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	h := handler(dir)
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	if code, body := get("/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("healthz: %d %q", code, body)
	}
	if code, body := get("/a.txt"); code != http.StatusOK || body != "hello" {
		t.Errorf("a.txt: %d %q", code, body)
	}
	if code, body := get("/link"); code == http.StatusOK || strings.Contains(body, "root:") {
		t.Errorf("a link out of the folder: %d %q", code, body)
	}
	if _, body := get("/metrics"); !strings.Contains(body, `http_requests_total{code="200"} 1`) {
		t.Errorf("metrics: %s", body)
	}
}

// TestListenAndServe ends with its context, and names an address or a folder that it cannot use.
func TestListenAndServe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := ListenAndServe(t.Context(), addr, t.TempDir()); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("an address that is taken: %v", err)
	}
	if err := ListenAndServe(t.Context(), addr, "/no/such/folder"); err == nil || !strings.Contains(err.Error(), "/no/such/folder") {
		t.Errorf("a folder that is absent: %v", err)
	}
	_ = l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := ListenAndServe(ctx, addr, t.TempDir()); err != nil {
		t.Errorf("ended by its context: %v", err)
	}
}
