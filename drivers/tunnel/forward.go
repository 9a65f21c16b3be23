package tunnel

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
)

// Forward is an endpoint and the local port that leads to it.
type Forward struct {
	Target    *url.URL // as the nodes see it, with a port
	LocalPort int
}

// URL is what to open on this machine.
func (f Forward) URL() string {
	there := *f.Target
	there.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(f.LocalPort))
	return there.String()
}

// argument is the value of ssh's option -L.
func (f Forward) argument() string {
	return fmt.Sprintf("127.0.0.1:%d:%s", f.LocalPort, net.JoinHostPort(f.Target.Hostname(), f.Target.Port()))
}

// Direct reports whether an endpoint is on this machine and needs no tunnel.
func Direct(target *url.URL) bool {
	if ip := net.ParseIP(target.Hostname()); ip != nil {
		return ip.IsLoopback()
	}
	return target.Hostname() == "localhost"
}

// Forwards picks a local port for each target: the same as the remote one, else the next that is free. Each is held until
// all are found, so that no two are the same.
func Forwards(targets []*url.URL) ([]Forward, error) {
	var out []Forward
	for _, t := range targets {
		remote, err := strconv.Atoi(t.Port())
		if err != nil {
			return nil, fmt.Errorf("reading the port of %s: %w", t, err)
		}
		l, err := listenFrom(remote)
		if err != nil {
			return nil, fmt.Errorf("finding a local port for %s: %w", t, err)
		}
		defer l.Close()
		out = append(out, Forward{t, l.Addr().(*net.TCPAddr).Port})
	}
	return out, nil
}

// portsTried bounds the search; then the system chooses a port.
const portsTried = 1000

func listenFrom(port int) (net.Listener, error) {
	if port < 1024 {
		port += 8000 // 80 becomes 8080: lower ones are root's
	}
	for p := port; p < min(port+portsTried, 1<<16); p++ {
		if l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(p))); err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp4", "127.0.0.1:0")
}
