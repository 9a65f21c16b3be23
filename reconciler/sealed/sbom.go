package sealed

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"runtime/debug"
	"strings"
)

// A bill of materials as CycloneDX 1.6 has it, as far as a binary knows its own. Releases have a fuller one, with licences.
type bom struct {
	Schema      string      `json:"$schema"`
	BOMFormat   string      `json:"bomFormat"`
	SpecVersion string      `json:"specVersion"`
	Version     int         `json:"version"`
	Metadata    bomMetadata `json:"metadata"`
	Components  []component `json:"components"`
}

type bomMetadata struct {
	Component component `json:"component"`
}

type component struct {
	Ref     string    `json:"bom-ref"`
	Type    string    `json:"type"`
	Name    string    `json:"name"`
	Version string    `json:"version"`
	PURL    string    `json:"purl,omitempty"`
	Hashes  []bomHash `json:"hashes,omitempty"`
}

type bomHash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

// sbom lists what the running assay is made of: the modules that are linked, with the checksums that its build verified, and the
// standard library.
func sbom(p Program, build *debug.BuildInfo) ([]byte, error) {
	main := component{Ref: "assay", Type: "application", Name: "assay", Version: p.Version, Hashes: []bomHash{{"SHA-256", p.SHA256}}}
	out := bom{"http://cyclonedx.org/schema/bom-1.6.schema.json", "CycloneDX", "1.6", 1, bomMetadata{main}, []component{}}
	if build != nil {
		out.Components = append(out.Components, library("std", build.GoVersion, ""))
		for _, m := range build.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			out.Components = append(out.Components, library(m.Path, m.Version, m.Sum))
		}
	}
	b, err := json.MarshalIndent(out, "", "  ")
	return append(b, '\n'), err
}

func library(path, version, sum string) component {
	url := "pkg:golang/" + path + "@" + version
	c := component{Ref: url, Type: "library", Name: path, Version: version, PURL: url}
	if raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:")); err == nil && sum != "" {
		c.Hashes = []bomHash{{"SHA-256", hex.EncodeToString(raw)}}
	}
	return c
}
