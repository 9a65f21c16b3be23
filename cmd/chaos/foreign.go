package main

import (
	"fmt"
	"os/user"
	"strings"

	"assay/drivers/slurm/cluster"
)

// foreign are the jobs of others in the same cluster: of another user, of this one under names and comments like ours.
type foreign struct {
	ids   []string // live to the end
	short []string // end by themselves
}

// stranger is another user, who has no rights here.
const stranger = "nobody"

func (f *foreign) submit(c *cluster.Cluster) error {
	if _, err := user.Lookup(stranger); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"--uid=" + stranger, "-J", "theirs"},
		{"--uid=" + stranger, "-J", "assay.web.files.0"},
		{"-J", "assay.web.files.0.mine"},
		{"-J", "other-store", "--comment=assay:v1 otherstore web/files/0 abc nonce"},
	} {
		id, err := other(c, 30*24*3600, args...)
		if err != nil {
			return err
		}
		f.ids = append(f.ids, id)
	}
	return nil
}

// other submits a job that sleeps, and returns its id.
func other(c *cluster.Cluster, seconds int, args ...string) (string, error) {
	out, err := c.Run("sbatch", append([]string{"--parsable", "-p", "others", "-n1", "-o", "/dev/null", "-D", "/tmp", "--wrap", fmt.Sprintf("sleep %d", seconds)}, args...)...)
	return strings.TrimSpace(out), err
}

// reuse submits short jobs of the other user, which get ids that ours had.
func (f *foreign) reuse(c *cluster.Cluster) error {
	for range 6 {
		id, err := other(c, 20, "--uid="+stranger, "-J", shortName)
		if err != nil {
			return err
		}
		f.short = append(f.short, id)
	}
	return nil
}

// shortName is that of jobs that end by themselves.
const shortName = "theirs-short"
