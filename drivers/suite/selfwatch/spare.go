package selfwatch

import "time"

// Spare is what nobody uses of the CPUs that this process can have: time for work that no request waits for.
type Spare struct {
	source source
	quota  float64
	at     time.Time
	was    counters
	side   time.Duration
}

// NewSpare begins to look.
func NewSpare() *Spare { return newSpare(source{}, time.Now()) }

func newSpare(from source, now time.Time) *Spare {
	return &Spare{source: from, quota: quota(from), at: now, was: use(from)}
}

// CPUs is how many CPUs nobody used since the last call, and of how many, within the affinity and the quota of a control group. side is
// the CPU time that work beside the load has used so far: what it took is spare, too. Where nothing is known, none is. The kernel counts in
// steps of 10 ms: ask seldom.
func (s *Spare) CPUs(side time.Duration) (spare, of float64) { return s.since(time.Now(), side) }

func (s *Spare) since(now time.Time, side time.Duration) (spare, of float64) {
	is, took := use(s.source), float64(now.Sub(s.at))
	beside := float64(side - s.side)
	spare = is.Allowed - (float64(is.busy-s.was.busy+is.Stolen-s.was.Stolen)-beside)/took
	if of = is.Allowed; s.quota > 0 && s.quota < of {
		of = s.quota
		spare = min(spare, of-(float64(is.Own-s.was.Own)-beside)/took)
	}
	known := took > 0 && s.was.busy > 0
	s.at, s.was, s.side = now, is, side
	if !known {
		return 0, of
	}
	return min(max(spare, 0), of), of
}
