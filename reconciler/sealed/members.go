package sealed

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// The members of a bundle that every one has, and the signature.
const (
	aboutFile      = "bundle.json"
	manifestFile   = "manifest.yaml"
	provenanceFile = "provenance.json"
	resultsFile    = "results.json"
	sbomFile       = "sbom.cdx.json"
	siteFile       = "site.yaml"
	sumsFile       = "SHA256SUMS"
	signatureFile  = "SHA256SUMS.sig"

	dataFolder = "data/"
	runsFolder = "runs/"
)

// held are the members that are kept in memory, each with a limit in bytes.
var held = map[string]int64{aboutFile: 1 << 20, manifestFile: 16 << 20, provenanceFile: 64 << 20, resultsFile: 256 << 20, sbomFile: 16 << 20, siteFile: 4 << 20, sumsFile: 64 << 20, signatureFile: 64 << 10}

// mostMembers bounds the list of members in memory, and so SHA256SUMS.
const mostMembers = 500_000

// required are those that no bundle lacks.
var required = []string{aboutFile, manifestFile, provenanceFile, resultsFile, sbomFile, siteFile, sumsFile}

// plainName is what names are made of: no part begins with a dot, so none leads out or hides.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.=+@%,-]*(/[A-Za-z0-9_][A-Za-z0-9_.=+@%,-]*)*$`)

// allowed reports whether a bundle has members of that name.
func allowed(name string) bool {
	if _, ok := held[name]; ok {
		return true
	}
	if sum, ok := strings.CutPrefix(name, dataFolder); ok {
		return isSum(sum)
	}
	parts := strings.Split(name, "/")
	return len(parts) > 2 && strings.HasPrefix(name, runsFolder) && plainName.MatchString(name)
}

// order compares the names of members by the order in which they come: bundle.json says first what the rest is, and the sums and
// their signature come last, so that a bundle is written and checked in one go.
func order(a, b string) int {
	place := func(name string) int { return slices.Index([]string{aboutFile, "", sumsFile, signatureFile}, name) }
	class := func(name string) int {
		if p := place(name); p >= 0 {
			return p
		}
		return 1
	}
	return cmp.Or(class(a)-class(b), strings.Compare(a, b))
}

var sumForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// isSum reports whether a text is a SHA-256 as SHA256SUMS has it.
func isSum(s string) bool { return sumForm.MatchString(s) }
