package agent

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"assay/drivers"
)

// word is $(NAME), $(NAME:which), $(NAME@process) or $(NAME:which@process).
var word = regexp.MustCompile(`\$\(([A-Z]+)(?::([a-z0-9-]+))?(?:@([a-z0-9.-]+))?\)`)

// expand replaces the words of drivers.Process in s. A word that nobody knows stays as it is: it may be the program's own.
func (p *process) expand(s string) (string, error) {
	if !strings.Contains(s, "$(") {
		return s, nil
	}
	var failed error
	out := word.ReplaceAllStringFunc(s, func(w string) string {
		m := word.FindStringSubmatch(w)
		v, known, err := p.value(m[1], m[2], m[3])
		if err != nil {
			failed = err
		}
		if !known {
			return w
		}
		return v
	})
	return out, failed
}

func (p *process) value(name, which, of string) (v string, known bool, err error) {
	plain := which == "" && of == ""
	switch {
	case name == "PORT":
		port, err := p.a.port(or(of, p.want.Name), which)
		return strconv.Itoa(port), true, err
	case name == "RELAY" && which != "" && of == "":
		port, err := p.a.relays.port(which)
		return strconv.Itoa(port), true, err
	case !plain:
		return "", false, nil
	}
	for k, v := range map[string]string{"HOST": p.a.o.Listen, "NODE": p.a.o.Node, "ADDR": p.a.o.Advertise, "DATA": p.want.Data,
		"CONF": p.conf(), "ASSAY": p.a.o.Binary, "NONCE": p.a.desired.Nonce} {
		if k == name {
			return v, true, nil
		}
	}
	return "", false, nil
}

// expandAll is expand for a list.
func (p *process) expandAll(words []string) ([]string, error) {
	out := make([]string, len(words))
	for i, w := range words {
		var err error
		if out[i], err = p.expand(w); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

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
	}
	return port, err
}

// release forgets the ports of a process that somebody else has taken meanwhile, and reports whether there was one.
func (a *agent) release(process string) (taken int) {
	for key, port := range a.ports {
		if strings.HasPrefix(key, process+":") && !a.portFree(port) {
			delete(a.ports, key)
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

// freePort finds a port that nobody listens on and that no process of this job has.
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
