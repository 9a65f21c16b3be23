package gateway

import (
	"context"
	"errors"
	"net"
	"runtime"
)

// bundle is as many lines as a machine has cores for: each keeps one from Go's scheduler while requests are under way.
type bundle []*lines

const mostLines = 8

// allLines makes the lines of a gateway. One on two cores; a thread that gets no connection is not started.
func allLines(g *Gateway, l net.Listener) (all bundle) {
	for range max(1, min(mostLines, runtime.GOMAXPROCS(0)/2)) {
		all = append(all, newLines(g, l, g.most))
	}
	return all
}

func (b bundle) drain() {
	for _, l := range b {
		l.drain()
	}
}

func (b bundle) drained(ctx context.Context) (err error) {
	for _, l := range b {
		err = errors.Join(err, l.drained(ctx))
	}
	return err
}

func (b bundle) end() {
	for _, l := range b {
		l.end()
	}
}
