package selfwatch

import (
	"fmt"

	"assay/drivers"
	"assay/drivers/suite"
)

// Effect is what the client's own delays did to the numbers of a result.
type Effect struct {
	Bar      float64 // ms: the client's own error with 99 of 100 requests
	Resolves float64 // ms: the smallest difference that the result can tell; see Resolves
	Lost     float64 // share (0..1) of the time in flight in which a closed loop left its slots empty; 0 for other loads
	What     string  // what the bar is an error of, for people: "sending", "noticing answers"
}

// OfLatency is the share of a mean latency that a result can tell.
const OfLatency = 0.1

// The smallest difference that a result can tell.
const (
	resolvesMs = 5.0 // a few turns of a scheduler are always tolerated
	mostMs     = 50.0
	mostLost   = 0.1
)

// Resolves is the smallest difference, in ms, that a result with this mean latency can tell: a tenth of it, at least 5 ms
// and at most 50 ms.
func Resolves(meanMs float64) float64 { return min(mostMs, max(resolvesMs, OfLatency*meanMs)) }

// Judge is the rule: it returns the faults, for which a result is not valid, and the notes. The reports are of the nodes.
func Judge(reports []Report, effects ...Effect) (faults, notes []drivers.Reason) {
	causes := seen(reports)
	word, why, remedy := suite.ReasonClientLate, "", "give it a host of its own (run: {on: job}) or lower the load"
	if len(causes) > 0 {
		c := causes[0]
		word, why, remedy = c.reason, ": "+c.text(c.in), c.remedy
	}
	fault := func(format string, args ...any) {
		faults = append(faults, suite.NewReason(word, "%s%s; %s", fmt.Sprintf(format, args...), why, remedy))
	}
	for _, e := range effects {
		if e.Bar > e.Resolves {
			fault("the client was up to %.1f ms late in %s (p99; at most %.1f ms is tolerated)", e.Bar, e.What, e.Resolves)
		}
		if e.Lost > mostLost {
			fault("the client left %.0f%% of its slots empty between an answer and the next request (at most %.0f%% is tolerated), so the load was lower than asked",
				100*e.Lost, 100*mostLost)
		}
	}
	for _, c := range causes {
		switch {
		case len(faults) > 0 && c.reason == word:
		case c.reason == suite.ReasonClientBusy || c.reason == suite.ReasonClientCrowded && c.in.Busy() > maxBusy:
			faults = append(faults, suite.NewReason(c.reason, "the result shows the client's limit, not the server's: %s (at most %.0f%% is tolerated); %s",
				c.text(c.in), 100*maxBusy, c.remedy))
		case c.note:
			notes = append(notes, suite.NewReason(c.reason, "%s; the figures are not touched by more than they resolve; %s", c.text(c.in), c.remedy))
		}
	}
	return faults, notes
}
