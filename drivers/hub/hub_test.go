package hub

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"assay/drivers"
)

// fakeHub is a stand-in for Hugging Face's hub: its API, its redirects to another host, and its faults.
type fakeHub struct {
	t        *testing.T
	files    map[string][]byte
	names    []string
	cut      atomic.Int64 // downloads that end early
	wrong    atomic.Bool  // content is not what was stated
	noRanges bool
	ranges   atomic.Int64 // requests that went on with a file
	sent     atomic.Int64 // bytes of large files
	strange  atomic.Bool  // the other host saw a token
}

const commit = "0123456789012345678901234567890123456789"

func startHub(t *testing.T) (*fakeHub, Hub) {
	f := &fakeHub{t: t, files: map[string][]byte{"config.json": []byte(`{"a":1}`), "model.safetensors": bytes.Repeat([]byte("weights "), 200_000),
		"pytorch_model.bin": []byte("old"), "sub/dir/tokenizer.json": []byte("{}"), "empty": {}}, names: []string{"config.json", "empty", "model.safetensors", "pytorch_model.bin", "sub/dir/tokenizer.json"}}
	far := httptest.NewServer(http.HandlerFunc(f.serveLarge))
	t.Cleanup(far.Close)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/models/org/m/revision/{rev}", f.list)
	mux.HandleFunc("GET /org/m/resolve/"+commit+"/{name...}", func(w http.ResponseWriter, r *http.Request) {
		if name := r.PathValue("name"); strings.HasSuffix(name, ".safetensors") {
			http.Redirect(w, r, strings.Replace(far.URL, "127.0.0.1", "localhost", 1)+"/"+name, http.StatusFound)
		} else {
			_, _ = w.Write(f.files[name])
		}
	})
	near := httptest.NewServer(mux)
	t.Cleanup(near.Close)
	return f, Hub{Endpoint: near.URL, Token: "secret", Home: t.TempDir(), Say: t.Logf}
}

func (f *fakeHub) list(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer secret" {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	var siblings []map[string]any
	for _, name := range f.names {
		b := f.files[name]
		git := sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(b)), b...))
		s := map[string]any{"rfilename": name, "size": len(b), "blobId": hex.EncodeToString(git[:])}
		if strings.HasSuffix(name, ".safetensors") {
			sum := sha256.Sum256(b)
			s["lfs"] = map[string]any{"sha256": hex.EncodeToString(sum[:]), "size": len(b), "pointerSize": 135}
		}
		siblings = append(siblings, s)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"sha": commit, "siblings": siblings})
}

func (f *fakeHub) serveLarge(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		f.strange.Store(true)
	}
	b := f.files[strings.TrimPrefix(r.URL.Path, "/")]
	if f.wrong.Load() {
		b = bytes.Repeat([]byte("x"), len(b))
	}
	from := 0
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil && !f.noRanges {
		f.ranges.Add(1)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(b)-1, len(b)))
		w.Header().Set("Content-Length", fmt.Sprint(len(b)-from))
		w.WriteHeader(http.StatusPartialContent)
	} else {
		from = 0
		w.Header().Set("Content-Length", fmt.Sprint(len(b)))
	}
	rest := b[from:]
	if f.cut.Add(-1) >= 0 {
		rest = rest[:len(rest)/2]
	}
	n, _ := w.Write(rest)
	f.sent.Add(int64(n))
}

// TestFetch: the cache has the layout of the hub's own library, each content under the hash of what was sent.
func TestFetch(t *testing.T) {
	f, h := startHub(t)
	got, err := h.Fetch(t.Context(), "org/m", "")
	if err != nil || got.Commit != commit || got.Files != 4 || got.Already != 0 {
		t.Fatalf("%+v %v", got, err)
	}
	folder := filepath.Join(h.Home, "hub", "models--org--m")
	for name, want := range f.files {
		b, err := os.ReadFile(filepath.Join(folder, "snapshots", commit, name))
		if name == "pytorch_model.bin" {
			if !errors.Is(err, os.ErrNotExist) {
				t.Errorf("weights that no server reads were fetched: %v", err)
			}
		} else if err != nil || !bytes.Equal(b, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if to, _ := os.Readlink(filepath.Join(folder, "snapshots", commit, "sub/dir/tokenizer.json")); !strings.HasPrefix(to, "../../../../blobs/") {
		t.Errorf("the link leads to %s", to)
	}
	if b, _ := os.ReadFile(drivers.Weights{Model: "org/m"}.Ref(h.Home)); string(b) != commit {
		t.Errorf("main is %q", b)
	}
	sent := f.sent.Load()
	if got, err = h.Fetch(t.Context(), "org/m", ""); err != nil || got.Already != got.Bytes || f.sent.Load() != sent {
		t.Errorf("again: %+v %v, %d bytes more", got, err, f.sent.Load()-sent)
	}
	if f.strange.Load() {
		t.Error("the token went to another host")
	}
}

// TestResume: a fetch that was interrupted goes on where it ended, also one of an earlier process; a server without ranges
// sends all of it.
func TestResume(t *testing.T) {
	f, h := startHub(t)
	f.cut.Store(3)
	if _, err := h.Fetch(t.Context(), "org/m", ""); err != nil {
		t.Fatal(err)
	}
	if size := int64(len(f.files["model.safetensors"])); f.ranges.Load() != 3 || f.sent.Load() != size {
		t.Errorf("%d requests went on, and %d of %d bytes were sent", f.ranges.Load(), f.sent.Load(), size)
	}
	f, h = startHub(t)
	f.cut.Store(attempts)
	if _, err := h.Fetch(t.Context(), "org/m", ""); err == nil {
		t.Fatal("a file that was never whole was taken")
	}
	if _, err := os.Stat(drivers.Weights{Model: "org/m"}.Ref(h.Home)); err == nil {
		t.Error("a model that is not whole has a ref")
	}
	f.noRanges = true
	if _, err := h.Fetch(t.Context(), "org/m", ""); err != nil {
		t.Error(err)
	}
}

// TestHostileHub: wrong content, names that lead out of the cache, and a hub that refuses.
func TestHostileHub(t *testing.T) {
	f, h := startHub(t)
	f.wrong.Store(true)
	if _, err := h.Fetch(t.Context(), "org/m", ""); !errors.Is(err, errContent) {
		t.Errorf("wrong content: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(h.Home, "hub/models--org--m/blobs/*.incomplete")); len(left) != 0 {
		t.Errorf("wrong content is kept: %v", left)
	}
	for _, name := range []string{"../../../escape", "/etc/passwd", "a/../../b", "a//b", ".."} {
		f, h := startHub(t)
		f.files[name], f.names = []byte("x"), append(f.names, name)
		if _, err := h.Fetch(t.Context(), "org/m", ""); err == nil || !strings.Contains(err.Error(), "cannot be kept") {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.Token = ""
	if _, err := h.Fetch(t.Context(), "org/m", ""); err == nil || !strings.Contains(err.Error(), "HF_TOKEN") {
		t.Errorf("without a token: %v", err)
	}
	h.Token = "secret"
	if _, err := h.Fetch(t.Context(), "org/other", ""); err == nil || !strings.Contains(err.Error(), "vllm.model") {
		t.Errorf("another model: %v", err)
	}
	for _, model := range []string{"/weights/m", "../m", "a/b/c", ""} {
		if _, err := h.Fetch(t.Context(), model, ""); err == nil {
			t.Errorf("%q was taken for a model of the hub", model)
		}
	}
}
