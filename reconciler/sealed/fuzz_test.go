package sealed

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// small is a container with some members.
func smallOf(f testing.TB, all ...part) []byte {
	f.Helper()
	var b bytes.Buffer
	for _, p := range all {
		if err := put(&b, p.name, int64(len(p.text)), strings.NewReader(p.text)); err != nil {
			f.Fatal(err)
		}
	}
	if err := end(&b); err != nil {
		f.Fatal(err)
	}
	return b.Bytes()
}

// FuzzContainer: what is read to its end is made of its members alone, byte for byte.
func FuzzContainer(f *testing.F) {
	f.Add(smallOf(f, part{"bundle.json", "{}"}))
	f.Add(smallOf(f, part{"runs/a/b", ""}, part{"SHA256SUMS", "x"}))
	f.Add(smallOf(f)[:700])
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &container{r: bytes.NewReader(b)}
		var all []part
		for {
			name, _, err := c.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return
			}
			text, err := io.ReadAll(c)
			if err != nil {
				return
			}
			all = append(all, part{name, string(text)})
		}
		if again := smallOf(t, all...); !bytes.Equal(b, again) {
			t.Errorf("%d bytes are read to their end and are not what their members make", len(b))
		}
	})
}

// FuzzSignature: the text of a signature that is taken is the only one of what it holds.
func FuzzSignature(f *testing.F) {
	f.Add([]byte(armorHead + "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgnyL+7ayHR0KHPkukREamO1qzHf\n" +
		"X3UmiSW/zuDf6bBSEAAAAMYXNzYXktYnVuZGxlAAAAAAAAAAZzaGE1MTIAAABTAAAAC3Nz\naC1lZDI1NTE5AAAAQNPOyWm8o5V4Yi/Gv0TFi9xBsI47Zir0FJq8RZT/O38YFs+R5OGDyy\n6uvycz726z9EVQfDQ7QmO+gWfI2A/LBQ8=\n" + armorTail))
	f.Add([]byte(armorHead + armorTail))
	f.Fuzz(func(t *testing.T, text []byte) {
		if b, err := dearmor(text); err == nil && !strings.HasPrefix(b.fingerprint, "SHA256:") {
			t.Errorf("%+v", b)
		}
	})
}

// FuzzContents: whatever whole members say, they are judged without a panic. Their sums are right, as an attacker would have them.
func FuzzContents(f *testing.F) {
	all := parts(f, made(f, contents(f), ""))
	text := map[string]string{}
	for _, p := range all {
		text[p.name] = p.text
	}
	f.Add(text[aboutFile], text[manifestFile], text[provenanceFile], text[resultsFile], text[siteFile])
	f.Add("{}", "", "{}", `{"runs":[{"metrics":{"ttft_p99_ms":1}}]}`, "")
	f.Add(`{"format":1}`, "kind: Experiment", `{"data":[{"path":"../x","included":true}]}`, `{"runs":null}`, text[siteFile])
	f.Fuzz(func(t *testing.T, about, manifest, provenance, rows, site string) {
		var members []part
		for _, p := range []part{{aboutFile, about}, {manifestFile, manifest}, {provenanceFile, provenance}, {resultsFile, rows}, {sbomFile, "{}"}, {siteFile, site}, {sumsFile, ""}} {
			if int64(len(p.text)) > 1<<16 {
				return
			}
			members = append(members, p)
		}
		b, err := checked(resealed(t, smallOf(t, members...), func(*[]part) {}, sumsFile), Who{})
		if err != nil {
			return
		}
		b.Facts()
		Overall(Compare(b.Rows, b.Rows, nil))
		e, _, err := b.Experiment("again", v1alpha1.LocalSite())
		if err != nil {
			return
		}
		if _, err := b.Place(&e, "/nowhere", ""); err == nil && e.Metadata.Name != "again" {
			t.Errorf("it is named %q", e.Metadata.Name)
		}
	})
}
