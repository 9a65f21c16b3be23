package reconciler

import (
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestSBOM compares a bill of materials with the binary that it is of: each module that is linked is in it, with its
// version, the checksum that go.sum has and its licence, and nothing else is. `make sbom` runs it on what it has written.
func TestSBOM(t *testing.T) {
	path, of := os.Getenv("ASSAY_SBOM"), os.Getenv("ASSAY_SBOM_OF")
	if path == "" || of == "" {
		t.Skip("it checks what make sbom writes: type make sbom")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var bom struct {
		BOMFormat   string `json:"bomFormat"`
		SpecVersion string `json:"specVersion"`
		Metadata    struct {
			Component struct{ Name, Version string }
		}
		Components []struct {
			Name, Version, PURL string
			Hashes              []struct{ Alg, Content string }
			Evidence            struct{ Licenses []any }
			Licenses            []any
		}
	}
	if err := json.Unmarshal(b, &bom); err != nil {
		t.Fatal(err)
	}
	if bom.BOMFormat != "CycloneDX" || bom.SpecVersion == "" || bom.Metadata.Component.Name != "assay" || bom.Metadata.Component.Version == "" {
		t.Errorf("%s %s of %+v", bom.BOMFormat, bom.SpecVersion, bom.Metadata.Component)
	}
	info, err := buildinfo.ReadFile(of)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]string{} // name@version -> SHA-256 in hexadecimal
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:"))
		if err != nil {
			t.Fatalf("%s: %v", m.Path, err)
		}
		left[m.Path+"@"+m.Version] = hex.EncodeToString(sum)
	}
	for _, c := range bom.Components {
		name := c.Name + "@" + c.Version
		if c.Name == "std" {
			if c.Version != info.GoVersion {
				t.Errorf("the standard library is %s, not %s", c.Version, info.GoVersion)
			}
			continue
		}
		sum, ok := left[name]
		switch {
		case !ok:
			t.Errorf("%s is not linked, or is named twice", name)
		case len(c.Hashes) != 1 || c.Hashes[0].Alg != "SHA-256" || c.Hashes[0].Content != sum:
			t.Errorf("%s has the hashes %v, not %s", name, c.Hashes, sum)
		case !strings.HasPrefix(c.PURL, "pkg:golang/"):
			t.Errorf("%s has the purl %q", name, c.PURL)
		case len(c.Licenses)+len(c.Evidence.Licenses) == 0:
			t.Logf("the licence of %s is not known", name)
		}
		delete(left, name)
	}
	for name := range left {
		t.Errorf("%s is linked and not in the bill", name)
	}
}
