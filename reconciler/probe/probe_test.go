package probe

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"assay/drivers"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

// TestKeyStaysWithItsOrigin: a redirect to another port is a wrong answer, and takes no token there; one to the same origin is
// followed without it.
func TestKeyStaysWithItsOrigin(t *testing.T) {
	var seen atomic.Int64
	other := serve(t, func(http.ResponseWriter, *http.Request) { seen.Add(1) })
	first := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other+"/health", http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/login", http.StatusFound)
		case "/login":
			if got := r.Header.Get("Authorization"); got != "" {
				t.Errorf("the redirect carries %s", got)
			}
		}
	})
	if _, err := Check(t.Context(), first, "s3cret-key", drivers.Probe{Path: "/away"}); err == nil || !strings.Contains(err.Error(), "redirect that is not followed") || seen.Load() > 0 {
		t.Errorf("%v, and the other port was asked %d times", err, seen.Load())
	}
	if _, err := Check(t.Context(), first, "s3cret-key", drivers.Probe{Path: "/here"}); err != nil {
		t.Error(err)
	}
}

// TestTenGigabytes: an answer without end fails the probe by its size; an honest list of models passes it.
func TestTenGigabytes(t *testing.T) {
	var sent atomic.Int64
	hostile := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for piece := make([]byte, 1<<20); sent.Load() < 10<<30; {
			n, err := w.Write(piece)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	})
	if _, err := Check(t.Context(), hostile, "", drivers.Probe{Path: "/v1/models", Model: "m"}); err == nil || !strings.Contains(err.Error(), "more than") || sent.Load() > 64<<20 {
		t.Errorf("%v after %d bytes", err, sent.Load())
	}
	honest := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":[{"id":"m"},{"id":"n"}]}`) })
	if models, err := Check(t.Context(), honest, "", drivers.Probe{Path: "/v1/models", Model: "m"}); err != nil || len(models) != 2 {
		t.Errorf("%v, %v", models, err)
	}
}

// TestKeyIsNotQuoted: a server that repeats the key puts it into no error, nor a terminal's sequence.
func TestKeyIsNotQuoted(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://other/"+r.Header.Get("Authorization"), http.StatusFound)
			return
		}
		fmt.Fprintf(w, `{"data":[{"id":"%s\u001b]0;x"}]}`, r.Header.Get("Authorization"))
	})
	for _, path := range []string{"/v1/models", "/away"} {
		_, err := Check(t.Context(), url, "s3cret-key-1", drivers.Probe{Path: path, Model: "m"})
		if err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "\x1b") || !strings.Contains(err.Error(), "[REDACTED]") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Check(t.Context(), "http://127.0.0.1:1", "s3cret-key-1", drivers.Probe{Path: "/"}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v is not what it was", err)
	}
}
