package site

import (
	"os"
	"os/user"
	"strconv"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/procid"
)

// Place is where this process uses a site: who runs it, and for the local scheduler on which host. The name of a cluster
// is its scheduler's to tell, and stays empty here.
func Place(s v1alpha1.Site) drivers.Place {
	here := drivers.Place{Site: s.Metadata.Name, Scheduler: s.Spec.Scheduler, UID: os.Getuid()}
	here.User = strconv.Itoa(here.UID)
	if u, err := user.Current(); err == nil { // a name is for people: a host need not know it
		here.User = u.Username
	}
	if s.Spec.Scheduler == v1alpha1.Local {
		self := procid.Self()
		here.Cluster, here.Machine = self.Host, self.Machine
	}
	return here
}
