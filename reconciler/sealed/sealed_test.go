package sealed

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/safefile"
	"assay/reconciler/plan"
	"assay/reconciler/redact"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

const manifest = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: e}
spec:
  site: local
  services: [{name: llm, vllm: {model: m, simulate: {ttft: 10ms}}, secrets: {HF_TOKEN: {env: HF_TOKEN}}}]
  benchmarks: [{name: q, target: llm, repeats: 2, serving: {dataset: custom, file: DATA, prompts: 10}, gates: [{metric: ttft.median, baseline: other, maxRise: 5%}]}]
`

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// contents are those of a small experiment with two runs and a data set.
func contents(t testing.TB) Contents {
	t.Helper()
	dir := t.TempDir()
	data := filepath.Join(dir, "prompts.jsonl")
	write(t, data, `{"prompt": "hello"}`)
	m, err := v1alpha1.Decode([]v1alpha1.File{{Name: "m", Data: []byte(strings.ReplaceAll(manifest, "DATA", data))}})
	if err != nil {
		t.Fatal(err)
	}
	e := v1alpha1.Default(v1alpha1.LocalSite(), m.Experiments[0].Experiment)
	ref := e.Spec.Services[0].Secrets["HF_TOKEN"]
	ref.Digest = "0123abcd"
	e.Spec.Services[0].Secrets["HF_TOKEN"] = ref
	c := Contents{Revision: store.Revision{Experiment: "e", Generation: 3, Hash: v1alpha1.Hash(e), Site: v1alpha1.LocalSite(), Spec: e}, Program: Program{"v1", strings.Repeat("ab", 32), "go1"}}
	for i, id := range []string{"q-1-aaaa", "q-2-bbbb"} {
		run := filepath.Join(dir, id)
		r := plan.Run{ID: id, Experiment: "e", Benchmark: "q", Repeat: i + 1, Phase: v1alpha1.RunComplete, Dir: run, Created: start, Ended: start.Add(time.Minute),
			Given: &drivers.RunTarget{Servers: []drivers.Server{{Name: "llm", Ran: drivers.Ran{Image: "sha256:1", Weights: "c0ffee"}}}},
			Result: &drivers.SuiteResult{Run: id, Valid: true, Simulated: true, Started: start, Ended: start.Add(time.Second), Metrics: map[string]float64{"ttft_median_ms": 10 + float64(i)},
				Files: []string{"samples.csv", "samples.jsonl.gz"}, Inputs: &drivers.Inputs{Files: []drivers.DataFile{{Path: data, Bytes: 19, SHA256: sumHex(t, data)}}}}}
		write(t, filepath.Join(run, "run.json"), `{"id":"`+id+`"}`)
		write(t, filepath.Join(run, "request.json"), `{"env":{"API_KEY":"named-secret"}}`)
		write(t, filepath.Join(run, "result.json"), `{}`)
		write(t, filepath.Join(run, "suite.log"), `a log`)
		write(t, filepath.Join(run, "samples.csv"), "id,stored-secret\n")
		write(t, filepath.Join(run, "samples.jsonl.gz"), zipped(t, "{} stored-secret\n"))
		c.Runs = append(c.Runs, r)
	}
	c.Rows = results.Rows(c.Runs)
	c.Secrets = redact.Of("stored-secret")
	return c
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func zipped(t testing.TB, text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.ModTime = time.Now() // not what a bundle has
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sumHex(t testing.TB, path string) string {
	t.Helper()
	sum, _, err := safefile.Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// made is a bundle in memory.
func made(t testing.TB, c Contents, key string) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := create(context.Background(), &b, c, key, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checked reads a bundle in memory.
func checked(b []byte, who Who) (*Bundle, error) {
	out := &Bundle{kept: map[string][]byte{}}
	err := out.check(context.Background(), bytes.NewReader(b), who)
	if err == nil {
		err = out.decode()
	}
	return out, err
}

// newKey makes a key, and a file that allows its owner alone.
func newKey(t testing.TB) (key, allowed string) {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("there is no ssh-keygen here")
	}
	key = filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pub, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	write(t, key+".allowed", `me@example.org namespaces="assay-bundle" `+string(pub))
	return key, key + ".allowed"
}

// TestEveryByteCounts alters a bundle at every byte, signed and not; cuts it, and adds to it.
func TestEveryByteCounts(t *testing.T) {
	key, _ := newKey(t)
	one := func(c Contents) Contents { // a bundle of few bytes
		c.Runs, c.Rows = c.Runs[:1], c.Rows[:1]
		return c
	}
	for name, b := range map[string][]byte{"unsigned": made(t, one(contents(t)), ""), "signed": made(t, one(signedNow(t)), key)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := checked(b, Who{}); err != nil {
				t.Fatalf("the untouched one: %v", err)
			}
			tail := bytes.Index(b, []byte(folder+sumsFile)) // the sums, and the signature, which only one of them has
			for i := range b {
				if name == "signed" && i < tail && i%5 != 0 { // the rest is as in the other one
					continue
				}
				was := b[i]
				b[i] = was ^ [...]byte{1, 0x20, 0xff, 0x80}[i*7%4] // 0x20: another case of a letter
				if is(checked(b, Who{})) {
					t.Fatalf("byte %d of %d, %q for %q, is not noticed", i, len(b), b[i], was)
				}
				b[i] = was
			}
			for i := 0; i < len(b); i += 97 {
				if is(checked(b[:i], Who{})) {
					t.Fatalf("cut after %d of %d bytes, it is whole", i, len(b))
				}
			}
			if is(checked(b[:len(b)-1], Who{})) || is(checked(append(b, 0), Who{})) || is(checked(append(b, make([]byte, 9216)...), Who{})) {
				t.Error("more or fewer zeros at the end are not noticed")
			}
		})
	}
}

func is(_ *Bundle, err error) bool { return err == nil }

func signedNow(t testing.TB) Contents {
	c := contents(t)
	c.Signed = start.Add(time.Hour)
	return c
}

// TestTheSameInputsGiveTheSameBytes: also in another folder, at another time.
func TestTheSameInputsGiveTheSameBytes(t *testing.T) {
	c := contents(t)
	a := made(t, c, "")
	for i := range c.Runs {
		moved := filepath.Join(t.TempDir(), "elsewhere")
		if err := os.Rename(c.Runs[i].Dir, moved); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(moved, "samples.csv"), start, start); err != nil {
			t.Fatal(err)
		}
		c.Runs[i].Dir, c.Rows[i].Dir = moved, moved
	}
	if b := made(t, c, ""); !bytes.Equal(a, b) {
		t.Error("two bundles of the same differ")
	}
}

// TestWhatIsInABundle reads one with tar alone: all members, no secret, sums as sha256sum has them.
func TestWhatIsInABundle(t *testing.T) {
	c := contents(t)
	c.Data = true
	files := map[string]string{}
	r := tar.NewReader(bytes.NewReader(made(t, c, "")))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		b, err2 := io.ReadAll(r)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		files[h.Name] = string(b)
		if h.Name != "bundle/SHA256SUMS" {
			files["sums"] += hex.EncodeToString(sum[:]) + "  " + strings.TrimPrefix(h.Name, "bundle/") + "\n"
		}
		if strings.HasSuffix(h.Name, ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			b, err = io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			files[h.Name] = string(b)
		}
	}
	for _, want := range []string{"bundle.json", "manifest.yaml", "site.yaml", "provenance.json", "results.json", "sbom.cdx.json", "runs/q-1-aaaa/run.json", "runs/q-2-bbbb/samples.jsonl.gz", "data/" + dataFiles(c.Runs)[0].SHA256} {
		if files["bundle/"+want] == "" {
			t.Errorf("%s is not in it", want)
		}
	}
	if files["bundle/SHA256SUMS"] != files["sums"] {
		t.Errorf("SHA256SUMS is\n%swant\n%s", files["bundle/SHA256SUMS"], files["sums"])
	}
	for name, text := range files {
		for _, not := range []string{"stored-secret", "named-secret", "0123abcd", "a log", filepath.Dir(c.Runs[0].Dir) + "/q-1"} {
			if strings.Contains(text, not) {
				t.Errorf("%s holds %q", name, not)
			}
		}
	}
	if got := files["bundle/runs/q-1-aaaa/samples.jsonl.gz"]; got != "{} [REDACTED]\n" {
		t.Errorf("samples are %q", got)
	}
	var p Provenance
	if err := json.Unmarshal([]byte(files["bundle/provenance.json"]), &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Servers) != 1 || p.Servers[0].Weights != "c0ffee" || len(p.Data) != 1 || !p.Data[0].Included || len(p.Runs) != 2 {
		t.Errorf("provenance: %+v", p)
	}
}

// TestSignatures: who signed is told, and what is not a signature of the bundle does not count.
func TestSignatures(t *testing.T) {
	key, allowed := newKey(t)
	other, _ := newKey(t)
	c := signedNow(t)
	b := made(t, c, key)
	got, err := checked(b, Who{AllowedSigners: allowed})
	if err != nil || got.Signature == nil || got.Signature.Principal != "me@example.org" || got.Signature.Type != "ssh-ed25519" || !strings.HasPrefix(got.Signature.Key, "SHA256:") || !got.About.SignedAt.Equal(c.Signed) {
		t.Errorf("%+v, %v", got.Signature, err)
	}
	if got, err = checked(b, Who{}); err != nil || got.Signature.Principal != "" {
		t.Errorf("asked for nobody: %+v, %v", got.Signature, err)
	}
	pub, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	several, elsewhere := key+".several", key+".elsewhere"
	write(t, several, `one@example.org namespaces="git" `+string(pub)+`two@example.org,three@example.org `+string(pub))
	write(t, elsewhere, `one@example.org namespaces="git" `+string(pub))
	if got, err = checked(b, Who{AllowedSigners: several}); err != nil || got.Signature.Principal != "two@example.org" {
		t.Errorf("one of several names: %+v, %v", got.Signature, err)
	}
	unsigned := made(t, contents(t), "")
	for name, bad := range map[string]struct {
		b    []byte
		who  Who
		want string
	}{
		"another key":       {made(t, c, other), Who{AllowedSigners: allowed}, "is not in "},
		"another person":    {b, Who{AllowedSigners: allowed, Signer: "you@example.org"}, "not one of you@example.org"},
		"for git alone":     {b, Who{AllowedSigners: elsewhere}, "not one of one@example.org"},
		"none":              {unsigned, Who{AllowedSigners: allowed}, "not signed"},
		"taken off":         {resealed(t, b, func(m *[]part) { *m = (*m)[:len(*m)-1] }), Who{}, "its signature was taken off"},
		"put on":            {resealed(t, unsigned, func(m *[]part) { *m = append(*m, part{signatureFile, "x"}) }), Who{}, "was made without a signature"},
		"of another bundle": {resealed(t, b, func(m *[]part) { (*m)[1].text += "# other\n" }, sumsFile), Who{}, "not that of SHA256SUMS"},
		"for other things":  {resealed(t, b, func(m *[]part) { (*m)[len(*m)-1].text = foreignSignature(t, key) }), Who{}, `made for "file"`},
		"another text": {resealed(t, b, func(m *[]part) {
			(*m)[len(*m)-1].text = strings.Replace((*m)[len(*m)-1].text, "\n-----END", "\n\n-----END", 1)
		}), Who{}, "not the text of a signature"},
	} {
		if _, err := checked(bad.b, bad.who); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: %v, want %q", name, err, bad.want)
		}
	}
}

func foreignSignature(t *testing.T, key string) string {
	c := exec.Command("ssh-keygen", "-Y", "sign", "-n", "file", "-f", key)
	c.Stdin = strings.NewReader("x")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
