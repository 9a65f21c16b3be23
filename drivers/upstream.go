package drivers

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Upstream is one server to which a gateway passes requests, or a model that is declared and has no server now.
type Upstream struct {
	Model string `json:"model,omitempty"` // that it serves; empty: any
	URL   string `json:"url,omitempty"`   // http://host:port; empty: there is no server of the model now
	Key   string `json:"key,omitempty"`   // file that holds the key which it asks for; empty: none
}

// mostUpstreams bounds a list of servers.
const mostUpstreams = 1000

// ParseUpstreams reads what UpstreamText wrote.
func ParseUpstreams(b []byte) ([]Upstream, error) {
	var out []Upstream
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, fmt.Errorf("reading the servers of a gateway: %w", err)
	}
	if len(out) > mostUpstreams {
		return nil, fmt.Errorf("reading the servers of a gateway: %d are more than %d", len(out), mostUpstreams)
	}
	for _, u := range out {
		if u.URL == "" && u.Model != "" {
			continue
		}
		if at, err := url.Parse(u.URL); err != nil || at.Scheme != "http" || at.Host == "" {
			return nil, fmt.Errorf("reading the servers of a gateway: %q is no http://host:port", u.URL)
		}
	}
	return out, nil
}

// UpstreamText is a list as the file of a gateway holds it, in the order of the addresses.
func UpstreamText(all []Upstream) string {
	all = append([]Upstream{}, all...)
	slices.SortFunc(all, func(a, b Upstream) int { return strings.Compare(a.URL+" "+a.Model, b.URL+" "+b.Model) })
	b, err := json.Marshal(all)
	if err != nil {
		panic(fmt.Sprintf("plain data that does not encode: %v", err))
	}
	return string(b)
}
