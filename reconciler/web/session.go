package web

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"assay/drivers/listen"
)

const (
	sessionFor   = 12 * time.Hour
	mostSessions = 256
)

// access is what a request may do.
type access struct {
	reads, acts bool
	form        string // what forms of its session carry; empty: it has no session but a token of its own
}

// session is a browser that has shown a token.
type session struct {
	name string
	access
	until time.Time
}

// sessions are those of one process. Their cookie has a name of its own: two pages on two ports of loopback share all cookies.
type sessions struct {
	cookie string
	mu     *sync.Mutex
	all    *[]session // the oldest first
}

func newSessions() sessions {
	return sessions{cookie: "assay-" + rand.Text()[:8], mu: &sync.Mutex{}, all: &[]session{}}
}

// begin makes a session and returns its name.
func (s sessions) begin(acts bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.DeleteFunc(*s.all, func(o session) bool { return time.Now().After(o.until) })
	all = all[max(0, len(all)-mostSessions+1):]
	one := session{rand.Text(), access{true, acts, rand.Text()}, time.Now().Add(sessionFor)}
	*s.all = append(all, one)
	return one.name
}

// of is what the session of a name may do.
func (s sessions) of(name string) (a access) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range *s.all {
		if listen.Same(name, o.name) && time.Now().Before(o.until) {
			a = o.access
		}
	}
	return a
}
