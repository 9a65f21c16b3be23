package suite

import "assay/api/v1alpha1"

// SamplesFor is how many samples the p-th percentile (0 < p < 100) needs so that with 99 % confidence at least two of them
// lie beyond it: 64 for p90, 130 for p95, 662 for p99, 6,636 for p99.9. A gate on a percentile of fewer is refused.
func SamplesFor(p float64) int { return v1alpha1.SamplesFor(p) }
