package report

import "assay/reconciler/results"

// entry is what the catalogue says of a metric. It is in the JSON form alone: the names in the header of the CSV form stay
// names, so that programs find their columns.
type entry struct {
	Unit    string `json:"unit,omitempty"`
	Better  string `json:"better"`            // higher, lower or neither
	Samples int    `json:"samples,omitempty"` // that it needs to be trusted
	Meaning string `json:"meaning"`
}

// describe adds an entry for every metric that a run has and the catalogue knows.
func (r *Report) describe() {
	r.Metrics = map[string]entry{}
	for _, row := range r.Runs {
		for name := range row.Metrics {
			if _, done := r.Metrics[name]; done {
				continue
			}
			if m, ok := results.Lookup(name); ok {
				r.Metrics[name] = entry{m.Unit, m.Better.String(), m.Samples(), m.Meaning}
			}
		}
	}
}
