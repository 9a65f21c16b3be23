package sealed

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// part is a member of a bundle that an attacker makes.
type part struct{ name, text string }

// parts takes a bundle apart.
func parts(t testing.TB, b []byte) (out []part) {
	t.Helper()
	c := &container{r: bytes.NewReader(b)}
	for {
		name, _, err := c.next()
		if errors.Is(err, io.EOF) {
			return out
		}
		text, err2 := io.ReadAll(c)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		out = append(out, part{name, string(text)})
	}
}

// resealed is a bundle whose members were changed. What is named in again is computed anew, as an attacker would: SHA256SUMS.
func resealed(t testing.TB, b []byte, change func(*[]part), again ...string) []byte {
	t.Helper()
	all := parts(t, b)
	change(&all)
	if slices.Contains(again, sumsFile) {
		var text strings.Builder
		for i, p := range all {
			if p.name == sumsFile {
				all[i].text = text.String()
				break
			}
			sum := sha256.Sum256([]byte(p.text))
			text.WriteString(hex.EncodeToString(sum[:]) + "  " + p.name + "\n")
		}
	}
	var out bytes.Buffer
	for _, p := range all {
		if err := put(&out, p.name, int64(len(p.text)), strings.NewReader(p.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := end(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// tarred is a bundle with one more member in front, with any header.
func tarred(t testing.TB, b []byte, h tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := tar.NewWriter(&out).WriteHeader(&h); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), b...)
}

// TestHostileBundles: what others make is refused with the reason, also where the sums were computed anew.
func TestHostileBundles(t *testing.T) {
	b := made(t, contents(t), "")
	at := func(m []part, name string) int {
		return slices.IndexFunc(m, func(p part) bool { return p.name == name })
	}
	huge, err := header("runs/a/b", largest)
	if err != nil {
		t.Fatal(err)
	}
	long, err := header(manifestFile, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"empty":                {nil, "it was cut off"},
		"gzip":                 {[]byte(zipped(t, strings.Repeat("\x00", 1<<20))), "no bundle but a gzip file"},
		"a directory":          {tarred(t, b, tar.Header{Typeflag: tar.TypeDir, Name: "bundle/runs/", Mode: 0o700, Format: tar.FormatUSTAR}), "has the name"},
		"a link":               {tarred(t, b, tar.Header{Typeflag: tar.TypeSymlink, Name: "bundle/bundle.json", Linkname: "/etc/passwd", Mode: 0o600, Format: tar.FormatUSTAR}), "not the only one"},
		"a hard link":          {tarred(t, b, tar.Header{Typeflag: tar.TypeLink, Name: "bundle/bundle.json", Linkname: "bundle/x", Mode: 0o600, Format: tar.FormatUSTAR}), "not the only one"},
		"a device":             {tarred(t, b, tar.Header{Typeflag: tar.TypeChar, Name: "bundle/bundle.json", Mode: 0o600, Format: tar.FormatUSTAR}), "not the only one"},
		"executable":           {tarred(t, b, tar.Header{Typeflag: tar.TypeReg, Name: "bundle/bundle.json", Mode: 0o755, Format: tar.FormatUSTAR}), "not the only one"},
		"another's":            {tarred(t, b, tar.Header{Typeflag: tar.TypeReg, Name: "bundle/bundle.json", Mode: 0o600, Uname: "root", Format: tar.FormatUSTAR}), "not the only one"},
		"PAX":                  {tarred(t, b, tar.Header{Typeflag: tar.TypeReg, Name: "bundle/bundle.json", Mode: 0o600, PAXRecords: map[string]string{"VENDOR.x": "y"}, Format: tar.FormatPAX}), "at byte 0 "},
		"out":                  {tarred(t, b, tar.Header{Typeflag: tar.TypeReg, Name: "bundle/runs/../../x", Mode: 0o600, Format: tar.FormatUSTAR}), "has the name"},
		"absolute":             {tarred(t, b, tar.Header{Typeflag: tar.TypeReg, Name: "/etc/passwd", Mode: 0o600, Format: tar.FormatUSTAR}), "has the name"},
		"hidden":               {tarred(t, b, tar.Header{Typeflag: tar.TypeReg, Name: "bundle/runs/.ssh/authorized_keys", Mode: 0o600, Format: tar.FormatUSTAR}), "has the name"},
		"elsewhere":            {tarred(t, b, tar.Header{Typeflag: tar.TypeReg, Name: "bundle/evil.yaml", Mode: 0o600, Format: tar.FormatUSTAR}), "has the name"},
		"a size out of reach":  {huge, "it was cut off"},
		"a long manifest":      {long, "can have 16777216"},
		"twice":                {resealed(t, b, func(m *[]part) { *m = slices.Insert(*m, 1, (*m)[1]) }, sumsFile), "once and in order"},
		"another order":        {resealed(t, b, func(m *[]part) { (*m)[1], (*m)[2] = (*m)[2], (*m)[1] }, sumsFile), "once and in order"},
		"missing":              {resealed(t, b, func(m *[]part) { i := at(*m, "runs/q-1-aaaa/samples.csv"); *m = slices.Delete(*m, i, i+1) }), "is in SHA256SUMS and missing"},
		"missing, new sums":    {resealed(t, b, func(m *[]part) { *m = slices.Delete(*m, at(*m, sbomFile), at(*m, sbomFile)+1) }, sumsFile), "sbom.cdx.json is missing"},
		"more":                 {resealed(t, b, func(m *[]part) { *m = slices.Insert(*m, at(*m, sbomFile), part{"runs/z/a.csv", "x"}) }), "is not in SHA256SUMS"},
		"behind the sums":      {resealed(t, b, func(m *[]part) { *m = append(*m, part{"runs/z/a.csv", "x"}) }), "once and in order"},
		"another content":      {resealed(t, b, func(m *[]part) { (*m)[2].text += " " }), "has not the sum"},
		"data of another name": {resealed(t, b, func(m *[]part) { *m = slices.Insert(*m, 1, part{"data/" + strings.Repeat("ab", 32), "x"}) }, sumsFile), "another content than its name says"},
		"sums in capitals":     {resealed(t, b, func(m *[]part) { i := at(*m, sumsFile); (*m)[i].text = strings.ToUpper((*m)[i].text) }), "a line that is none"},
		"a newer format":       {resealed(t, b, func(m *[]part) { (*m)[0].text = strings.Replace((*m)[0].text, `"format": 1`, `"format": 2`, 1) }, sumsFile), "a newer assay made it"},
		"no JSON":              {resealed(t, b, func(m *[]part) { (*m)[0].text = "x" }, sumsFile), "cannot be read"},
		"two sites":            {resealed(t, b, func(m *[]part) { i := at(*m, siteFile); (*m)[i].text += "---\n" + (*m)[i].text }, sumsFile), "not one Site"},
	} {
		if _, err := checked(c.b, Who{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestOpenWhatIsNoFile: a folder, a FIFO and nothing are told apart without waiting, and a member that changed under us is noticed.
func TestOpenWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(t.Context(), dir, Who{}); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("a folder: %v", err)
	}
	path := filepath.Join(dir, "b")
	if _, err := Open(t.Context(), path, Who{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
	c := contents(t)
	c.Data = true
	if _, err := Create(t.Context(), path, c, "", nil); err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), path, Who{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	m := b.Members[slices.IndexFunc(b.Members, func(m Member) bool { return strings.HasPrefix(m.Name, dataFolder) })]
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("X"), m.at); err != nil {
		t.Fatal(err)
	}
	if err := b.Extract(m, io.Discard); !errors.Is(err, errAltered) {
		t.Errorf("a member that changed: %v", err)
	}
}
