package sealed

import (
	"runtime/debug"
	"time"

	"assay/reconciler/plan"
	"assay/reconciler/redact"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

// Format is the version of bundles. An older assay refuses a newer one.
const Format = 1

// Contents are what a bundle is made of, as the caller found it.
type Contents struct {
	Revision store.Revision
	Rows     []results.Row // what counts for the revision
	Runs     []plan.Run    // those that the rows are of
	Secrets  *redact.Values
	Program  Program
	Build    *debug.BuildInfo // of the running binary
	Data     bool             // data sets travel along
	Signed   time.Time        // when it is signed; zero: it is not
}

// About is bundle.json.
type About struct {
	Format     int       `json:"format"`
	Experiment string    `json:"experiment"`
	Revision   string    `json:"revision"`
	Generation int64     `json:"generation"`
	Commit     string    `json:"commit,omitempty"`
	Site       string    `json:"site"`
	Runs       int       `json:"runs"`
	Valid      int       `json:"valid"`
	Simulated  bool      `json:"simulated"`
	From       time.Time `json:"from,omitzero"` // when the first of its runs began
	To         time.Time `json:"to,omitzero"`   // and the last one ended
	// Hidden are settings of the manifest whose values look secret, so that they are not in it.
	Hidden []string `json:"hidden,omitempty"`
	// SignedAt is when it was signed, by the clock of who did. With it a bundle without signature is not whole.
	SignedAt time.Time `json:"signedAt,omitzero"`
}

func (c Contents) about(hidden []string) About {
	a := About{Format: Format, Experiment: c.Revision.Experiment, Revision: c.Revision.Hash, Generation: c.Revision.Generation, Commit: c.Revision.Origin.Commit,
		Site: c.Revision.Site.Metadata.Name, Runs: len(c.Runs), Hidden: hidden}
	if !c.Signed.IsZero() {
		a.SignedAt = c.Signed.UTC().Truncate(time.Second)
	}
	for _, r := range c.Rows {
		if r.Search != nil { // the answer of a search is no run
			continue
		}
		if r.Valid {
			a.Valid++
		}
		a.Simulated = a.Simulated || r.Simulated
		if a.From.IsZero() || r.Started.Before(a.From) {
			a.From = r.Started
		}
		if r.Ended.After(a.To) {
			a.To = r.Ended
		}
	}
	return a
}

// table is results.json: what compare reads as file:PATH.
type table struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Experiment string        `json:"experiment"`
	Simulated  bool          `json:"simulated"`
	Runs       []results.Row `json:"runs"`
}
