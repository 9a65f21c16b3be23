package vector

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// TestTenantAndDatabase: all requests go to those that the manifest names, with the key, which is nowhere in the result.
func TestTenantAndDatabase(t *testing.T) {
	f := &flawed{maxBatch: 100}
	paths := map[string]bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		if at, rest, ok := strings.Cut(r.URL.EscapedPath(), "/collections"); ok && rest != "" {
			paths[at] = true
		}
		f.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer s3cret-key" || r.Header.Get("X-Chroma-Token") != "s3cret-key" {
			http.Error(w, `{"error":"AuthError"}`, http.StatusUnauthorized)
			return
		}
		f.ServeHTTP(w, r)
	}))
	defer srv.Close()
	v := small
	v.Tenant, v.Database = "physics", "run/7"
	req := request("r", srv.URL, v)
	req.TokenFile = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(req.TokenFile, []byte("s3cret-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	res, err := run(t, req)
	if err != nil || !valid(res) || res.Metrics["errors"] != 0 {
		t.Fatal(err, res.Reasons)
	}
	if b, err := json.Marshal(res); err != nil || strings.Contains(string(b), "s3cret") {
		t.Errorf("%v: %s", err, b)
	}
	if len(paths) != 1 || !paths["/api/v2/tenants/physics/databases/run%2F7"] {
		t.Errorf("asked in %v", paths)
	}
}

// TestUnseenServer: what is not known of a server is not there, and the result says why.
func TestUnseenServer(t *testing.T) {
	srv := httptest.NewServer(&flawed{maxBatch: 100})
	defer srv.Close()
	res, err := run(t, request("r", srv.URL, small)) // it is a part of this process, without a data folder
	if err != nil {
		t.Fatal(err)
	}
	if _, there := res.Metrics["server_memory_mib"]; there || !strings.Contains(res.Absent["server_"], sqliteFile) || res.Versions["chroma"] != "" {
		t.Errorf("%v %v", res.Absent, res.Versions)
	}
	if _, err := serverAt(t.Context(), "http://192.0.2.1:8000"); err == nil || !strings.Contains(err.Error(), "another host") {
		t.Errorf("%v", err)
	}
}

// TestPackageOf: where npm and Python say which release a program's code is of.
func TestPackageOf(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"n/node_modules/chromadb-js-bindings-linux-x64-gnu/package.json": `{"name": "chromadb-js-bindings-linux-x64-gnu", "version": "1.0.5"}`,
		"n/node_modules/chromadb/package.json":                           `{"name": "chromadb", "version": "3.5.0"}`,
		"p/site-packages/chromadb-1.3.5.dist-info/METADATA":              "",
		"p/site-packages/chromadb_rust_bindings/x.so":                    "",
		"o/package.json": `{"name": "other", "version": "9"}`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{
		"/n/node_modules/chromadb-js-bindings-linux-x64-gnu/b.node": "npm chromadb-js-bindings-linux-x64-gnu 1.0.5 (chromadb 3.5.0)",
		"/p/site-packages/chromadb_rust_bindings/x.so":              "python chromadb 1.3.5",
		"/o/chroma.so": "",
	} {
		if got := packageOf(root, file); got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
}

// TestRealChromaDatabase: a tenant and a database of one's own, and ones that are not there. What the server holds and which
// release it is are known.
func TestRealChromaDatabase(t *testing.T) {
	endpoint := startChroma(t)
	c := newChroma(endpoint, "", 1, 10)
	for _, made := range [][2]string{{"/tenants", "physics"}, {"/tenants/physics/databases", "run7"}} {
		if err := c.call(t.Context(), "POST", made[0], []byte(`{"name":"`+made[1]+`"}`), nil); err != nil {
			t.Fatal(err)
		}
	}
	v := v1alpha1.Vector{Vectors: 500, Dimension: 16, Queries: 20, TopK: 5, BatchSize: 100, Tenant: "physics", Database: "run7"}
	res, err := run(t, request("r", endpoint, v))
	if err != nil || !valid(res) {
		t.Fatal(err, res.Reasons)
	}
	t.Log(res.Versions, res.Metrics["server_memory_mib"], res.Metrics["server_disk_mib"])
	if res.Metrics["server_memory_mib"] <= 1 || res.Metrics["server_disk_added_mib"] <= 0 || !strings.Contains(res.Versions["chroma"], "chroma") {
		t.Errorf("%v %v", res.Versions, res.Absent)
	}
	v.Database = "nowhere"
	if _, err := run(t, request("r", endpoint, v)); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a database that is not there: %v", err)
	}
}
