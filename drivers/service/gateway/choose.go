package gateway

import (
	"net/url"
	"slices"
	"sync"
	"time"

	"assay/drivers"
)

// restFor is how long a server that refused a connection is left alone.
const restFor = time.Second

// server is an upstream, and what is under way there.
type server struct {
	drivers.Upstream
	at       *url.URL
	secret   string // what it asks for; empty: nothing
	inFlight int
	rests    time.Time // until then others go first
}

// pool are the servers that are listed, and those that are not listed any more and still answer.
type pool struct {
	mu      sync.Mutex
	servers []*server
	changed chan struct{} // closed when the list changes
	next    int           // of servers alike, each in turn
}

// set replaces the list. Servers that stay keep what is known of them.
func (p *pool) set(all []drivers.Upstream, secret func(drivers.Upstream) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var servers []*server
	for _, u := range all {
		at, err := url.Parse(u.URL)
		if err != nil {
			continue // Parse has seen it
		}
		s := &server{Upstream: u, at: at, secret: secret(u)}
		if i := slices.IndexFunc(p.servers, func(o *server) bool { return o.Upstream == u && o.secret == s.secret }); i >= 0 {
			s = p.servers[i]
		}
		servers = append(servers, s)
	}
	p.servers = servers
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// all are the servers that serve a model, or any with "".
func (p *pool) all(model string) (out []*server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.servers {
		if model == "" || s.Model == "" || s.Model == model {
			out = append(out, s)
		}
	}
	return out
}

// take gives one of the servers a request: of those that do not rest the one with the fewest in flight. It is nil when there
// is none that is not in tried; then wait is closed when the list changes.
func (p *pool) take(model string, tried []*server) (best *server, wait <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.next++
	for i := range p.servers {
		s := p.servers[(p.next+i)%len(p.servers)]
		if model != "" && s.Model != "" && s.Model != model || slices.Contains(tried, s) {
			continue
		}
		if best == nil || s.before(best, now) {
			best = s
		}
	}
	if best != nil {
		best.inFlight++
		return best, nil
	}
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return nil, p.changed
}

func (s *server) before(o *server, now time.Time) bool {
	if a, b := s.rests.After(now), o.rests.After(now); a != b {
		return b
	}
	return s.inFlight < o.inFlight
}

// give takes note that a request has ended.
func (p *pool) give(s *server, refused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.inFlight--
	if refused {
		s.rests = time.Now().Add(restFor)
	}
}
