//go:build linux

package wire

import (
	"time"

	"assay/drivers/suite/selfwatch"
)

// look is when a loop looked at its sockets: from that follows how much later than its first packet a piece can have been
// stamped, and how late the loop noticed its own timer.
type look struct {
	back  time.Duration // when the last wait returned
	since time.Duration // what the last wait reported arrived after this time; 0: as it was being waited for
	full  bool          // the last wait did not report all that was there
	late  selfwatch.Histogram
}

// brief is how long a wait takes in which the thread did not sleep.
const brief = 20 * time.Microsecond

// tolerated is how late a timer may be without being overslept.
const tolerated = 200 * time.Microsecond

// woke notes a wait from one time to another, in which the timer was to go off at armed (0: it was not set).
func (l *look) woke(from, back, armed time.Duration, full bool) {
	since := time.Duration(0)
	switch {
	case back-from < brief: // it was there already, and came while the loop was busy
		since = max(1, l.back)
		if l.full && l.since > 0 {
			since = l.since
		}
	case armed > 0 && back > armed+tolerated: // nobody woke the thread, and when it should have woken is unknown
		since = max(1, from)
	}
	l.back, l.since, l.full = back, since, full
}

// gathered notes a wait in which the thread did not watch its sockets: what it found came since it last looked.
func (l *look) gathered(back time.Duration, full bool) {
	if !l.full || l.since == 0 {
		l.since = max(1, l.back)
	}
	l.back, l.full = back, full
}

// blur is by how much at most the first of several events that share a stamp can have come earlier. The kernel has the
// last packet's stamp alone. Where the loop was waiting, the first packet woke it, and what it found came together.
func (l *look) blur(stamp, after time.Duration) time.Duration {
	if l.since == 0 {
		return 0
	}
	return max(0, stamp-max(l.since, after))
}
