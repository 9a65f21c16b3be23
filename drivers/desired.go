package drivers

import (
	"encoding/json"
	"slices"
)

// Serves reports whether two desired states run the same processes and judge them by the same probes: what an agent reported
// under the one is true under the other.
func (d AgentDesired) Serves(o AgentDesired) bool {
	return slices.EqualFunc(d.Processes, o.Processes, func(a, b Process) bool {
		return a.Name == b.Name && a.Fingerprint == b.Fingerprint && slices.EqualFunc(a.Probes, b.Probes, Probe.Equal)
	})
}

// Equal reports whether two probes ask the same.
func (p Probe) Equal(o Probe) bool {
	return p.User == o.User && p.Local == o.Local && p.Port == o.Port && p.Path == o.Path && p.Model == o.Model && slices.Equal(p.Adapters, o.Adapters) && p.Timeout == o.Timeout
}

// Equal reports whether two desired states ask for the same, generations aside.
func (d AgentDesired) Equal(o AgentDesired) bool {
	d.Generation, o.Generation, d.Since, o.Since = 0, 0, 0, 0
	a, errA := json.Marshal(d)
	b, errB := json.Marshal(o)
	return errA == nil && errB == nil && string(a) == string(b)
}
