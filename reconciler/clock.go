package reconciler

import "time"

// stepMost is how far the system's clock may run away from the time that passes before it counts as set.
const stepMost = 2 * time.Second

// clock notices when the system's clock is set. Times that are kept in memory compare with time.Now all the same, by its
// monotonic reading; those that were written down do not.
type clock struct{ wall, steady time.Time }

// stepped reports whether the system's clock was set since the last call. Both readings are of now.
func (c *clock) stepped(wall, steady time.Time) bool {
	wall = wall.Round(0) // without the monotonic reading
	before := *c
	*c = clock{wall, steady}
	return !before.steady.IsZero() && (wall.Sub(before.wall)-steady.Sub(before.steady)).Abs() > stepMost
}
