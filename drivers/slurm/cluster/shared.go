package cluster

import (
	"errors"
	"os"
	"path/filepath"
)

// Shared starts the cluster for every user of this machine, as root: they submit, list and run as on a real one. The folder
// that is given to Start has to be one that they can reach.
func Shared(c *Cluster) { c.shared = true }

// share opens what clients and jobs of other users need: the configuration, munge's socket, and the scripts of their jobs. The key
// and the passwords stay root's.
func (c *Cluster) share() error {
	if os.Getuid() != 0 {
		return errors.New("only root's slurmd runs jobs of other users")
	}
	err := os.Chmod(c.dir, 0o755)
	for _, sub := range []string{"run", "spool", "log"} {
		err = errors.Join(err, os.Chmod(c.path(sub), 0o755))
	}
	for _, name := range []string{"slurm.conf", "gres.conf", "cgroup.conf"} {
		if files, _ := filepath.Glob(c.path(name)); len(files) == 1 { // cgroup.conf is not always there
			err = errors.Join(err, os.Chmod(files[0], 0o644))
		}
	}
	return err
}
