package agent

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"assay/drivers"
)

// port is the port of a process, or a further one of it by name: the declared one, or one that is allocated once and kept.
func (a *agent) port(process, which string) (int, error) {
	if which == "" {
		for _, p := range a.desired.Processes {
			if p.Name == process && p.Port != 0 {
				return p.Port, nil
			}
		}
	}
	key := process + ":" + which
	if port := a.ports[key]; port != 0 {
		return port, nil
	}
	port, err := a.freePort()
	if err == nil {
		a.ports[key] = port
		a.layout++
	}
	return port, err
}

// release forgets the ports of a process on which another program listens meanwhile, also the port on which one was seen, and
// returns one of them; 0 if there is none.
func (a *agent) release(process string, seen int) (taken int) {
	for key, port := range a.ports {
		if strings.HasPrefix(key, process+":") && (port == seen || !a.portFree(port)) {
			delete(a.ports, key)
			a.layout++
			taken = port
		}
	}
	return taken
}

// further are the named ports of a process.
func (a *agent) further(process string) map[string]int {
	var out map[string]int
	for key, port := range a.ports {
		if name, ok := strings.CutPrefix(key, process+":"); ok && name != "" {
			if out == nil {
				out = map[string]int{}
			}
			out[name] = port
		}
	}
	return out
}

// freePort finds a port that is not in use and that is not reserved for a process of this job.
func (a *agent) freePort() (int, error) {
	for range 100 {
		l, err := net.Listen("tcp", net.JoinHostPort(a.o.Listen, "0"))
		if err != nil {
			return 0, fmt.Errorf("allocating a port on %s: %w", a.o.Listen, err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		if err := l.Close(); err != nil {
			return 0, fmt.Errorf("allocating a port on %s: %w", a.o.Listen, err)
		}
		if !a.given(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("allocating a port on %s: no free one was found", a.o.Listen)
}

func (a *agent) given(port int) bool {
	for _, p := range a.ports {
		if p == port {
			return true
		}
	}
	return false
}

// portFree reports whether a port can be listened on.
func (a *agent) portFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(a.o.Listen, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// endpointOf is a process' address for others.
func (a *agent) endpointOf(port int) string {
	return "http://" + net.JoinHostPort(a.o.Advertise, strconv.Itoa(port))
}

// mentionsPort reports whether a process wants its main port at all.
func mentionsPort(p drivers.Process) bool { return p.Port != 0 || len(p.Probes) > 0 || p.Metrics != "" }
