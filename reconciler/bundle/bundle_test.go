package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// TestTheMiddleOfALargeLogIsLeftOut cuts a log that is full of a secret at every place: no half of one is left.
func TestTheMiddleOfALargeLogIsLeftOut(t *testing.T) {
	const secret = "hf_0123456789abcdef"
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(5, 6))
	for round := range 200 {
		var log strings.Builder
		for log.Len() < 4000 {
			log.WriteString(strings.Repeat(".", rnd.IntN(30)) + secret)
		}
		if err := os.WriteFile(filepath.Join(dir, "log"), []byte(log.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		scratch, err := os.Create(filepath.Join(dir, "scratch"))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		ar := &archive{tar: tar.NewWriter(&b), secrets: []string{secret}, scratch: scratch, limit: int64(1000 + round)}
		if err := ar.add(dir, "log", nil); err != nil {
			t.Fatal(err)
		}
		if err := ar.tar.Close(); err != nil {
			t.Fatal(err)
		}
		scratch.Close()
		r := tar.NewReader(&b)
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(strings.ReplaceAll(before(string(got)), "[REDACTED]", ""), "hf_0123456789bc") {
			t.Fatalf("limit %d: a part of the secret is left:\n%s", ar.limit, got)
		}
		if !strings.Contains(string(got), "bytes out here") || len(ar.cut) != 1 || len(got) > 1500 {
			t.Fatalf("limit %d: not cut: %d bytes", ar.limit, len(got))
		}
	}
}

// before leaves the line about the cut out.
func before(s string) string {
	head, rest, _ := strings.Cut(s, "\n[... assay")
	_, tail, _ := strings.Cut(rest, "...]\n")
	return head + tail
}

// archived are the files of an archive, by name.
func archived(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for r := tar.NewReader(gz); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[h.Name] = string(b)
	}
}

// secretive is a store with a job whose log shows every kind of secret; job is its directory, and data that of its service.
func secretive(t *testing.T) (st *store.Store, job, data string) {
	t.Helper()
	st, err := store.Open(t.TempDir(), store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := st.Acquire(t.Context(), "test", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"e", "other"} {
		spec := v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: name}}
		if _, _, err := st.Accept(store.Revision{Experiment: name, Spec: spec}); err != nil {
			t.Fatal(err)
		}
	}
	at, err := lease.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: "e", Group: "web"}, Experiment: "e"})
	if err != nil {
		t.Fatal(err)
	}
	data, job = t.TempDir(), st.JobDir(at.Seat, at.Nonce)
	for path, text := range map[string]string{
		filepath.Join(st.SecretDir(), "token"):                 "stored-secret\n",
		filepath.Join(st.SecretDir(), "pin"):                   "1234",
		filepath.Join(data, "admin-password"):                  "generated-secret",
		filepath.Join(job, drivers.DesiredFile):                `{"schema":99,"processes":[{"name":"web","env":{"API_KEY":"named-secret"},"data":"` + data + `","generate":["admin-password"]}]}`,
		filepath.Join(job, drivers.LogDir, "web.1.log"):        "stored-secret generated-secret named-secret\n",
		filepath.Join(job, drivers.RequestFile):                `{"env":{"API_KEY":"cut sh`,
		filepath.Join(st.Dir(), "jobs", "other", "x", "y.log"): "of another experiment",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return st, job, data
}

// TestNoSecretIsArchived: stored, generated and named secrets are hidden everywhere, also in a record of a newer assay;
// what is too short, and what cannot be read, is noted; other experiments stay out.
func TestNoSecretIsArchived(t *testing.T) {
	st, job, data := secretive(t)
	b, err := Collect(st, "e")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "e.tar.gz")
	saved, err := b.Save(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	files := archived(t, path)
	for name, text := range files {
		for _, secret := range []string{"stored-secret", "generated-secret", "named-secret", "cut sh"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %q:\n%s", name, secret, text)
			}
		}
		if strings.Contains(name, "other") {
			t.Errorf("%s is of another experiment", name)
		}
	}
	rel, err := filepath.Rel(st.Dir(), job)
	if err != nil {
		t.Fatal(err)
	}
	if got := files["assay/"+filepath.Join(rel, drivers.LogDir, "web.1.log")]; got != "[REDACTED] [REDACTED] [REDACTED]\n" {
		t.Errorf("the log is %q", got)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != saved.Bytes || len(files) != saved.Files {
		t.Errorf("saved %+v, but the file is %v, %v with %d files", saved, info, err, len(files))
	}
	for _, want := range []string{"fewer than 6 bytes", "cannot be read, and may hold a secret"} {
		if !slices.ContainsFunc(b.Notes, func(n string) bool { return strings.Contains(n, want) }) {
			t.Errorf("no note says %q: %q", want, b.Notes)
		}
	}
	if _, err := Collect(st, "third"); err == nil || !strings.Contains(err.Error(), `no experiment "third"`) {
		t.Errorf("of no experiment: %v", err)
	}
	if _, err := b.Save(t.Context(), filepath.Join(data, "no", "such", "folder"), nil); err == nil {
		t.Error("an archive in no folder is written")
	}
}
