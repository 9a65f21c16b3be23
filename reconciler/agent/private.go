package agent

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"assay/drivers"
	"assay/drivers/bounded"
	"assay/drivers/durable"
)

const (
	tokenAgain  = time.Second // between two looks for a token that is not there yet
	fetchTime   = 10 * time.Second
	mostFetched = 64 << 20 // bytes of a process' metrics
)

// scrapeToken is what the metrics of a job ask for: the token whose file desired.json names. Until it is known nobody is let in.
type scrapeToken struct {
	dir    string // of the job
	mu     sync.Mutex
	value  string
	looked time.Time
}

func (t *scrapeToken) get() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); t.value == "" && now.Sub(t.looked) >= tokenAgain {
		t.looked = now
		var d drivers.AgentDesired
		if err := durable.ReadRecord(filepath.Join(t.dir, drivers.DesiredFile), &d); err == nil {
			t.value, _ = drivers.ReadToken(d.Token) // looked for again
		}
	}
	return t.value
}

// offer is where the metrics of a process are, for this node alone, and the password or the token that they ask for.
type offer struct{ url, password, token string }

// fetcher follows nowhere: what it carries is for one process of this node.
var fetcher = bounded.Client(bounded.Options{Limit: mostFetched, Stay: true})

func (n *nodes) offer(process string, o offer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.offers == nil {
		n.offers = map[string]offer{}
	}
	n.offers[process] = o
}

// private serves the metrics of a process that asks for a password or a key, or that only this node can reach.
func (n *nodes) private(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	o, there := n.offers[r.PathValue("process")]
	n.mu.Unlock()
	if !there {
		http.NotFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), fetchTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	req.Header["Accept"] = r.Header["Accept"]
	switch {
	case o.password != "":
		req.SetBasicAuth(drivers.PasswordUser, o.password)
	case o.token != "":
		req.Header.Set("Authorization", "Bearer "+o.token)
	}
	res, err := fetcher.Do(req)
	if err != nil {
		http.Error(w, fmt.Sprintf("asking it: %v", err), http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	w.Header()["Content-Type"] = res.Header["Content-Type"]
	w.WriteHeader(res.StatusCode)
	if _, err := io.Copy(w, res.Body); err != nil { // bounded by fetcher
		panic(http.ErrAbortHandler) // a part must not look like all of it
	}
}
