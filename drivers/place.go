package drivers

import (
	"cmp"
	"fmt"
)

// Place is where a state directory is used: one site, one cluster, one account. An empty field is not known.
type Place struct {
	Site      string `json:"site"`                // the site's name
	Scheduler string `json:"scheduler"`           // slurm or local
	Cluster   string `json:"cluster"`             // Slurm's ClusterName; the host's name for the local scheduler
	Machine   string `json:"machineID,omitempty"` // /etc/machine-id of that host, for the local scheduler
	UID       int    `json:"uid"`                 // as the numeric uid that Slurm and the file system see
	User      string `json:"user"`                // its name, for people; it is not compared
}

// Contradicts says why here is another place than p, in the words of a message; empty when it can be the same one.
// What is not known contradicts nothing.
func (p Place) Contradicts(here Place) string {
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	switch {
	case p.UID != here.UID:
		return fmt.Sprintf("it belongs to user %s (uid %d), and you are %s (uid %d)", cmp.Or(p.User, "?"), p.UID, cmp.Or(here.User, "?"), here.UID)
	case differ(p.Scheduler, here.Scheduler):
		return fmt.Sprintf("it belongs to site %s with the %s scheduler, and site %s has the %s scheduler", p.Site, p.Scheduler, here.Site, here.Scheduler)
	case differ(p.Site, here.Site):
		return fmt.Sprintf("it belongs to site %s, and this is site %s", p.Site, here.Site)
	case p.Machine != "" && p.Machine == here.Machine:
		return "" // the same host, which was renamed
	case differ(p.Machine, here.Machine) || differ(p.Cluster, here.Cluster):
		if p.Machine != "" || here.Machine != "" {
			return fmt.Sprintf("it belongs to host %s, and this is host %s", p.Cluster, here.Cluster)
		}
		return fmt.Sprintf("it belongs to cluster %s, and this is cluster %s", p.Cluster, here.Cluster)
	}
	return ""
}
