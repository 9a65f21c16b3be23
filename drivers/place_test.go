package drivers

import (
	"strings"
	"testing"
)

// TestPlaceContradicts: what is known on both sides has to agree; a name alone is not a host or a user.
func TestPlaceContradicts(t *testing.T) {
	slurm := Place{Site: "s", Scheduler: "slurm", Cluster: "c", UID: 7, User: "u"}
	local := Place{Site: "local", Scheduler: "local", Cluster: "h", Machine: "m", UID: 7, User: "u"}
	for name, c := range map[string]struct {
		from   Place
		change func(*Place)
		want   string // a part of the message; empty: the same place
	}{
		"the same":                   {slurm, func(*Place) {}, ""},
		"another user":               {slurm, func(p *Place) { p.UID, p.User = 8, "v" }, "user u (uid 7), and you are v (uid 8)"},
		"a renamed user":             {slurm, func(p *Place) { p.User = "v" }, ""},
		"another site":               {slurm, func(p *Place) { p.Site = "t" }, "site s, and this is site t"},
		"another scheduler":          {slurm, func(p *Place) { p.Scheduler = "local" }, "the slurm scheduler"},
		"another cluster":            {slurm, func(p *Place) { p.Cluster = "d" }, "cluster c, and this is cluster d"},
		"a cluster that is silent":   {slurm, func(p *Place) { p.Cluster = "" }, ""},
		"another host":               {local, func(p *Place) { p.Cluster, p.Machine = "i", "n" }, "host h, and this is host i"},
		"another host of that name":  {local, func(p *Place) { p.Machine = "n" }, "host h"},
		"a renamed host":             {local, func(p *Place) { p.Cluster = "i" }, ""},
		"a host without a machineID": {local, func(p *Place) { p.Machine = "" }, ""},
		"nothing is known of it":     {local, func(p *Place) { *p = Place{UID: 7} }, ""},
	} {
		here := c.from
		c.change(&here)
		if got := c.from.Contradicts(here); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
