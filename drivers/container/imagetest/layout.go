package imagetest

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Layout writes the image as an OCI image layout with the tag 1. Its entrypoint fails, and its environment is env.
func (i Image) Layout(t testing.TB, dir string, env ...string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644))
	layer := packed(t, i.Folder(t))
	type object = map[string]any
	const of = "application/vnd.oci.image."
	blob := func(kind string, content []byte) object {
		sum := sha256.Sum256(content)
		name := hex.EncodeToString(sum[:])
		must(t, os.WriteFile(filepath.Join(dir, "blobs", "sha256", name), content, 0o644))
		return object{"mediaType": of + kind, "digest": "sha256:" + name, "size": len(content)}
	}
	text := func(o object) []byte {
		b, err := json.Marshal(o)
		must(t, err)
		return b
	}
	rootfs := blob("layer.v1.tar", layer)
	config := blob("config.v1+json", text(object{"architecture": "amd64", "os": "linux", "rootfs": object{"type": "layers", "diff_ids": []any{rootfs["digest"]}},
		"config": object{"Entrypoint": []string{"/bin/sh", "-c", "exit 99"}, "Env": append([]string{"PATH=/usr/bin:/bin"}, env...)}}))
	manifest := blob("manifest.v1+json", text(object{"schemaVersion": 2, "mediaType": of + "manifest.v1+json", "config": config, "layers": []any{rootfs}}))
	manifest["annotations"] = object{"org.opencontainers.image.ref.name": "1"}
	must(t, os.WriteFile(filepath.Join(dir, "index.json"), text(object{"schemaVersion": 2, "manifests": []any{manifest}}), 0o644))
}

// packed is a folder as a tar archive.
func packed(t testing.TB, root string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		h, err := tar.FileInfoHeader(info, "")
		if err != nil {
			return err
		}
		h.Name, _ = filepath.Rel(root, path) // it is below
		h.Uid, h.Gid, h.Uname, h.Gname = 0, 0, "", ""
		if err := w.WriteHeader(h); err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	}))
	must(t, w.Close())
	return out.Bytes()
}

// Registry serves a layout as a registry on the loopback interface does, without TLS, under any name of an image, and returns
// its host and port.
func Registry(t testing.TB, layout string) string {
	t.Helper()
	index, err := os.ReadFile(filepath.Join(layout, "index.json"))
	must(t, err)
	var tags struct {
		Manifests []struct{ Digest string }
	}
	must(t, json.Unmarshal(index, &tags))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		switch {
		case r.URL.Path == "/v2/":
			return
		case strings.HasSuffix(r.URL.Path, "/manifests/1"), strings.Contains(r.URL.Path, "/manifests/sha256:"):
			what = tags.Manifests[0].Digest
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			w.Header().Set("Docker-Content-Digest", what)
		}
		http.ServeFile(w, r, filepath.Join(layout, "blobs", strings.Replace(filepath.Clean("/"+what), ":", "/", 1)))
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}
