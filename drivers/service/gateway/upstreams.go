package gateway

import (
	"context"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

const (
	lookEvery  = 250 * time.Millisecond // at the file of upstreams
	mostOfFile = 1 << 20                // bytes of it
)

// Follow keeps the gateway's servers as a file has them, until ctx ends. A file that cannot be read changes nothing.
func (g *Gateway) Follow(ctx context.Context, path string, failed func(error)) {
	last, told := "", ""
	for {
		b, err := durable.Read(path, mostOfFile)
		if err == nil && string(b) != last {
			var all []drivers.Upstream
			if all, err = drivers.ParseUpstreams(b); err == nil {
				last = string(b)
				g.Set(all)
			}
		}
		if err == nil {
			told = ""
		} else if told != err.Error() {
			told = err.Error()
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookEvery):
		}
	}
}

// key is what a server asks for; empty when it asks for nothing.
func key(u drivers.Upstream) (string, error) {
	if u.Key == "" {
		return "", nil
	}
	return drivers.ReadToken(u.Key)
}
