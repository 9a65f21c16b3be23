package serving

import "time"

// crowd is how many requests were in flight, over a whole run.
type crowd struct {
	held  []time.Duration // how long each number was
	first []time.Duration // when it was first reached
	last  []time.Duration // when there was last one less
}

// crowd goes through all beginnings and ends in the order of time, at the same time beginnings before ends.
func (t *timeline) crowd() *crowd {
	c, running, since := &crowd{}, 0, time.Duration(0)
	ends := t.ends.walk()
	begin := func(at time.Duration) {
		if len(c.held) > 0 {
			c.held[running] += at - since
		}
		running, since = running+1, at
		for len(c.held) <= running {
			c.held, c.first, c.last = append(c.held, 0), append(c.first, at), append(c.last, 0)
		}
	}
	end := func(at time.Duration) {
		c.held[running] += at - since
		c.last[running] = at
		running, since = running-1, at
	}
	t.ordered(func(r *row) {
		for ends.at < r.sent {
			end(ends.at)
			ends.next()
		}
		begin(r.sent)
	})
	for ; ends.at != never; ends.next() {
		end(ends.at)
	}
	return c
}

// most is the largest number at the same time.
func (c *crowd) most() int { return max(0, len(c.held)-1) }
