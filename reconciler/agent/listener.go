package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/user"
	"slices"
	"strconv"
	"sync"
	"time"

	"assay/drivers/procid"
	"assay/reconciler/probe"
)

// A port is only a number: between its choice and the server's start, which can take many minutes, any program of the node can
// listen on it. So before a key is sent, and before an answer counts, the process that listens has to be one of the job's.

// takenError says that another program listens on a server's port.
type takenError struct {
	port int
	who  string
}

func (e *takenError) Error() string {
	return fmt.Sprintf("port %d, which was given to it, is %s's: nothing was sent there", e.port, e.who)
}

// errSilent says that nobody listens yet.
var errSilent = errors.New("nothing listens on its port yet")

// listener knows which sockets are those of one start of a process. It is used by one round of probes at a time.
type listener struct {
	mark  string // in the environment of everything that the agent starts
	roots []int  // the leaders of its process groups

	mu    sync.Mutex
	known map[uint64]bool // sockets that are ours
}

// own returns the sockets on a port once all of them are ours.
func (l *listener) own(port int) ([]procid.Socket, error) {
	all, err := procid.Listeners(port)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: %d", errSilent, port)
	}
	for _, s := range all {
		if who, ours := l.belongs(s); !ours {
			return nil, &takenError{port, who}
		}
	}
	return all, nil
}

// belongs reports whether a socket is one of the job's, and whose it is if not. When no process can be seen that holds it, as
// in some containers, its user decides.
func (l *listener) belongs(s procid.Socket) (who string, ours bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[s.Inode] {
		return "", true
	}
	holders := s.Holders()
	ours = slices.ContainsFunc(holders, func(pid int) bool { return procid.Below(pid, l.mark, l.roots...) }) ||
		len(holders) == 0 && s.UID == os.Geteuid()
	if ours {
		l.known[s.Inode] = true
		return "", true
	}
	who = "uid " + strconv.Itoa(s.UID)
	if u, err := user.LookupId(strconv.Itoa(s.UID)); err == nil {
		who = u.Username
	}
	if len(holders) > 0 {
		who = fmt.Sprintf("%s (pid %d)", who, holders[0])
	}
	return who, false
}

// dial connects to one of our sockets: to one that was there before and is there afterwards, so that nobody else can have taken
// the connection.
func (l *listener) dial(ctx context.Context, network, address string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	before, err := l.own(int(to.Port()))
	if err != nil {
		return nil, err
	}
	c, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	after, err := l.own(int(to.Port()))
	if err == nil && !slices.ContainsFunc(before, func(s procid.Socket) bool { return hears(s, to.Addr()) && slices.Contains(after, s) }) {
		err = fmt.Errorf("port %d changed hands while it was connected to", to.Port())
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

const dialTimeout = 5 * time.Second

// hears reports whether a socket takes connections to an address.
func hears(s procid.Socket, to netip.Addr) bool {
	return s.Address.Addr().IsUnspecified() || s.Address.Addr() == to
}

// listenFor begins to know the sockets of what was just started. Connections of an earlier start are not used any more.
func (p *process) listenFor() {
	if p.client != nil {
		p.client.Close()
	}
	l := &listener{mark: jobMarker + p.a.dir, known: map[uint64]bool{}}
	for _, g := range append(p.parts.groups(), p.main) {
		if g != nil {
			l.roots = append(l.roots, g.cmd.Process.Pid)
		}
	}
	p.listener, p.client = l, probe.New(l.dial)
}
