package gateway

import (
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"assay/drivers"
)

// restFor is how long a server that refused a connection is left alone, the first time. Each time in a row doubles it, up to
// restFor << mostRests: one on a node that went away costs each request that tries it a while.
const (
	restFor   = time.Second
	mostRests = 4
)

// server is an upstream, and what is under way there.
type server struct {
	drivers.Upstream
	at       *url.URL // nil: its model has no server now
	secret   string   // what it asks for; empty: nothing
	inFlight int
	rests    time.Time // until then others go first
	refusals int       // in a row
	ends     ends
}

// serves reports whether requests of a model go there. Those that name none go anywhere.
func (s *server) serves(model string) bool { return model == "" || s.Model == "" || s.Model == model }

// listed is the list as it was last set. It is never changed, only replaced.
type listed struct {
	servers []*server
	several bool // they are of more than one model, so that a request has to say which
}

// serves reports whether a server of a model is listed, or was declared and has none now.
func (l *listed) serves(model string) bool {
	return slices.ContainsFunc(l.servers, func(s *server) bool { return s.serves(model) })
}

// pool are the servers that are listed, and those that are not listed any more and still answer.
type pool struct {
	list    atomic.Pointer[listed] // nil: not set yet
	mu      sync.Mutex
	changed chan struct{} // closed when the list changes
	next    int           // of servers alike, each in turn
}

// now is the list.
func (p *pool) now() *listed {
	if l := p.list.Load(); l != nil {
		return l
	}
	return &listed{}
}

// set replaces the list. Servers that stay keep what is known of them.
func (p *pool) set(all []drivers.Upstream, secret func(drivers.Upstream) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, next := p.now().servers, &listed{}
	for _, u := range all {
		s := &server{Upstream: u, secret: secret(u)}
		if u.URL != "" {
			at, err := url.Parse(u.URL)
			if err != nil {
				continue // ParseUpstreams has seen it
			}
			s.at = at
		}
		if i := slices.IndexFunc(before, func(o *server) bool { return o.Upstream == u && o.secret == s.secret }); i >= 0 {
			s = before[i]
		}
		next.servers = append(next.servers, s)
		next.several = next.several || s.Model != next.servers[0].Model
	}
	p.list.Store(next)
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// take gives one of the servers a request: of those that do not rest the one with the fewest in flight. It is nil when there
// is none that is not in tried; then wait is closed when the list changes.
func (p *pool) take(model string, tried []*server) (best *server, wait <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, servers := time.Now(), p.now().servers
	p.next++
	for i := range servers {
		s := servers[(p.next+i)%len(servers)]
		if s.at == nil || !s.serves(model) || slices.Contains(tried, s) {
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
	if !refused {
		s.refusals = 0
		return
	}
	s.rests = time.Now().Add(restFor << min(s.refusals, mostRests))
	s.refusals++
}

// leave takes back that a server got a request: it goes another way.
func (p *pool) leave(s *server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.inFlight--
}
