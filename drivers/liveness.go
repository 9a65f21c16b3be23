package drivers

import (
	"slices"
	"time"
)

// Live says when a server that was Ready is restarted although it runs: after Misses probes in a row without the right
// answer, Every apart. Each of them has Every to be answered, at most 30 seconds, or more if the probe says so. Zero: never.
type Live struct {
	Every  Seconds `json:"every"`
	Misses int     `json:"misses"`
}

// BeatEvery is how long one heartbeat of an agent stands for, on its own monotonic clock.
const BeatEvery = time.Second

// Happening is a loss, a restart or a return of a process inside its job.
type Happening struct {
	Number  uint64 `json:"number"` // of this agent, from 1
	Beat    uint64 `json:"beat"`   // the heartbeat at that time: how long ago it was
	Process string `json:"process"`
	Reason  string `json:"reason"` // ReasonRestarted, ReasonReadyAgain, ReasonGivenUp, or why it was lost
	Message string `json:"message,omitempty"`
}

// At is the state as of what the beat file holds: its heartbeat, and phases that last as much longer. A beat that vouches
// for a state.json of another number says nothing about this one. s stays as it is.
func (s AgentState) At(beat, of uint64) AgentState {
	if s.Written == 0 || of != s.Written || beat <= s.Heartbeat {
		return s
	}
	longer := Seconds(float64(beat-s.Heartbeat) * BeatEvery.Seconds())
	s.Heartbeat = beat
	s.Processes = slices.Clone(s.Processes)
	for i := range s.Processes {
		s.Processes[i].PhaseFor += longer
	}
	return s
}
