package v1alpha1

import (
	"cmp"
	"fmt"
)

// Watch is when a hung server of a service is restarted, with what the manifest leaves out. What is measured gets more time
// than the rest: a server under load can be slow to answer, and a restart that was not needed costs a measurement.
func (s Service) Watch() Liveness {
	misses := 3
	if s.Serves() || s.Chroma != nil {
		misses = 6
	}
	return Liveness{cmp.Or(s.Live.Every, 10*second), cmp.Or(s.Live.Misses, misses)}
}

// live checks bounds that leave a server time to answer, and users an answer in time.
func (c *checker) live(path string, l Liveness) {
	switch {
	case l.Every < second:
		c.bad(path+".live.every", fmt.Sprintf("%s is too short: a server that is only busy would be restarted", l.Every), "write 1s or more")
	case l.Every > hour:
		c.bad(path+".live.every", fmt.Sprintf("%s is too long for a server that hangs to be noticed", l.Every), "write 1h or less")
	}
}
