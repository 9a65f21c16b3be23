package agent

import (
	"regexp"
	"strconv"
	"strings"
)

// word is $(NAME), $(NAME:which), $(NAME@process) or $(NAME:which@process).
var word = regexp.MustCompile(`\$\(([A-Z]+)(?::([a-z0-9-]+))?(?:@([a-z0-9.-]+))?\)`)

// expand replaces the words of drivers.Process in s. An unknown word stays as it is: it can be the program's own.
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
