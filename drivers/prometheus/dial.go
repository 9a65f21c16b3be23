package prometheus

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// mostOfAnswer bounds the bytes of one answer to a scrape, its framing included: twice what drivers.ScrapeLimits allows a body.
const mostOfAnswer = 32 << 20

var errAnswerTooLarge = errors.New("the answer to a scrape is too large")

// dial connects to a target. Prometheus stops to keep what is beyond the limit of a body, and then reads all the rest until the
// scrape's time is over, as fast as the target sends it. So the connection ends at its own limit.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &answered{Conn: c}, nil
}

// answered counts what is read of a connection since the last request was written.
type answered struct {
	net.Conn
	read atomic.Int64
}

func (c *answered) Write(p []byte) (int, error) {
	c.read.Store(0)
	return c.Conn.Write(p)
}

func (c *answered) Read(p []byte) (int, error) {
	if c.read.Load() > mostOfAnswer {
		return 0, errAnswerTooLarge
	}
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}
