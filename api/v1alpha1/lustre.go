package v1alpha1

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// stripeUnit is the granularity of a stripe on Lustre.
const stripeUnit Quantity = 64 << 10

func (c *checker) lustre(at string, l Lustre) {
	at += ".lustre"
	switch clean := path.Clean(l.Path); {
	case l.Path == "":
	case !strings.HasPrefix(l.Path, "/"):
		if !filepath.IsLocal(l.Path) || clean == "." {
			c.bad(at+".path", "must be absolute, or lie below the site's paths.work, found "+brief(l.Path), "")
		}
	case strings.Count(clean, "/") < 2 || strings.ContainsAny(l.Path, "\n\t"):
		c.bad(at+".path", "must be a directory below one of the file system's own, found "+brief(l.Path), "name a new directory in it")
	}
	if l.StripeSize%stripeUnit != 0 {
		c.bad(at+".stripeSize", fmt.Sprintf("%s is not a multiple of %s", l.StripeSize, stripeUnit), "")
	}
}

func (c *checker) monitors(at string, s Service) {
	m := s.Monitors
	at += ".monitors"
	seen := map[string]bool{}
	for i, name := range m.Components {
		if seen[name] {
			c.bad(fmt.Sprintf("%s.components[%d]", at, i), brief(name)+" is listed twice", "remove one")
		}
		seen[name] = true
	}
	if *s.Nodes != 1 {
		c.bad(strings.TrimSuffix(at, ".monitors")+".nodes", fmt.Sprintf("monitors run on one node, found %d", *s.Nodes), "write nodes: 1")
	}
	if m.Retention < hour {
		c.bad(at+".retention", fmt.Sprintf("%s is too short for Prometheus, which keeps blocks of two hours", m.Retention), "write 1d or more")
	}
	if seen["grafana"] && !seen["prometheus"] {
		c.bad(at+".components", "grafana without prometheus has no data to show", "add prometheus")
	}
	for name := range m.Commands {
		if !seen[name] {
			c.bad(at+".commands["+name+"]", "is not a component of this service", meant(name, m.Components))
		}
		c.command(at+".commands["+name+"]", m.Commands[name])
	}
}
