package series

import "assay/api/v1alpha1"

// Samples is how many samples the p-th percentile (0 < p < 100) needs: the rule by which a gate on one is refused, too.
func Samples(p float64) int { return v1alpha1.SamplesFor(p) }
