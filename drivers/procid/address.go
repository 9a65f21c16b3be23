package procid

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
)

// Address is what a file says of a listener of this host: where it answers, and which process listens. The file outlives a
// process that was killed, and then anybody can have its port: what it says counts only as far as Check agrees.
type Address struct {
	URL   string `json:"url"` // http://ADDRESS:PORT
	Owner ID     `json:"owner"`
}

// ErrStale: what a file says of a listener does not hold any more, or cannot be told from here.
var ErrStale = errors.New("its address cannot be relied on")

// Gone reports whether the owner is known to have ended.
func (a Address) Gone() bool { return a.Owner.State() == Gone }

// Check is nil while the owner lives and it is the owner who listens at the address.
func (a Address) Check() error {
	u, err := url.Parse(a.URL)
	if err != nil {
		return fmt.Errorf("%q is not an address: %w", a.URL, ErrStale)
	}
	at, err := netip.ParseAddrPort(u.Host)
	if err != nil {
		return fmt.Errorf("%q is not an address: %w", a.URL, ErrStale)
	}
	switch a.Owner.State() {
	case Gone:
		return fmt.Errorf("%s was that of %s, which has ended: %w", a.URL, a.Owner, ErrStale)
	case Unknown:
		return fmt.Errorf("%s is that of %s, which cannot be seen from here: %w; ask on that host", a.URL, a.Owner, ErrStale)
	}
	all, err := Listeners(int(at.Port()))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("nobody listens at %s any more, although %s runs: %w", a.URL, a.Owner, ErrStale)
	}
	for _, s := range all {
		if !slices.Contains(s.Holders(), a.Owner.PID) {
			return fmt.Errorf("at %s listens another process than %s: %w", a.URL, a.Owner, ErrStale)
		}
	}
	return nil
}
