package sealed

import (
	"fmt"
	"strings"
	"time"
)

// Summary is what a bundle holds, for programs.
type Summary struct {
	About
	SHA256     string     `json:"sha256"` // of SHA256SUMS: it names all of the content
	Signature  *Signature `json:"signature,omitempty"`
	Provenance Provenance `json:"provenance"`
	Members    []Member   `json:"members"`
}

// Summary is what was found.
func (b *Bundle) Summary() Summary {
	return Summary{b.About, b.id(), b.Signature, b.Provenance, b.Members}
}

// Facts are the same in words, a name and what it is.
func (b *Bundle) Facts() [][]string {
	a, size := b.About, int64(0)
	for _, m := range b.Members {
		size += m.Size
	}
	runs := fmt.Sprintf("%d, %d of them valid", a.Runs, a.Valid)
	if a.Simulated {
		runs += ", simulated"
	}
	out := [][]string{
		{"experiment", fmt.Sprintf("%s, revision %d (%s)", a.Experiment, a.Generation, a.Revision)},
		{"site", a.Site},
		{"runs", runs},
		{"measured", a.From.UTC().Format(time.RFC3339) + " to " + a.To.UTC().Format(time.RFC3339)},
		{"content", fmt.Sprintf("%d members, %d bytes, sha256 %s", len(b.Members), size, b.id())},
		{"sealed by", "assay " + b.Provenance.SealedBy.Version + ", binary sha256 " + b.Provenance.SealedBy.SHA256},
	}
	if a.Commit != "" {
		o := b.Provenance.Origin
		out = append(out, []string{"commit", strings.TrimSpace(a.Commit + " " + o.Author + " " + o.Subject)})
	}
	for _, d := range b.Provenance.Data {
		where := "not in the bundle"
		if d.Included {
			where = "in the bundle"
		}
		out = append(out, []string{"data set", fmt.Sprintf("%s, %d bytes, sha256 %s, %s", d.Path, d.Bytes, d.SHA256, where)})
	}
	for _, name := range a.Hidden {
		out = append(out, []string{"left out", name})
	}
	return append(out, []string{"signature", b.signed()})
}

func (b *Bundle) signed() string {
	s := b.Signature
	if s == nil {
		return "none: who changes it can compute its sums anew"
	}
	at := ", on " + b.About.SignedAt.UTC().Format(time.RFC3339) + " by the signer's clock"
	if s.Principal == "" {
		return s.Type + " " + s.Key + at + "; whose key that is was not asked: --allowed-signers FILE"
	}
	return s.Principal + ", " + s.Type + " " + s.Key + at
}
