package vector

import (
	"fmt"
	"slices"
	"time"

	"assay/drivers"
	"assay/drivers/suite/selfwatch"
)

// selfCheck judges what was seen of this process while a phase was measured: what the client itself delayed is in the latencies
// and missing from the rates. lost is the share of their time that the workers of a closed loop spent between queries.
func (r *runner) selfCheck(prefix string, seen selfwatch.Report, meanMs, lost float64) {
	selfwatch.Metrics(r.metrics, prefix+"_client_", []selfwatch.Report{seen})
	if seen.Wall < time.Second {
		lost = 0 // a few turns of a scheduler are much of a moment
	}
	faults, notes := selfwatch.Judge([]selfwatch.Report{seen}, selfwatch.Effect{Bar: seen.Bar(), Resolves: selfwatch.Resolves(meanMs), Lost: lost, What: "noticing answers"})
	r.faults, r.notes = once(r.faults, prefix, faults), once(r.notes, prefix, notes)
}

// once adds reasons with the phase that they are of, unless an earlier phase had the same.
func once(to []drivers.Reason, prefix string, all []drivers.Reason) []drivers.Reason {
	for _, more := range all {
		if !slices.ContainsFunc(to, func(r drivers.Reason) bool { return r.Reason == more.Reason }) {
			more.Message = fmt.Sprintf("%s: %s", prefix, more.Message)
			to = append(to, more)
		}
	}
	return to
}
