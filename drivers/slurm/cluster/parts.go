package cluster

import "os"

// Edit changes slurm.conf before the cluster starts.
func Edit(f func(conf string) string) Option { return func(c *Cluster) { c.edit = f } }

// StartMunge starts munged, without which no program of Slurm talks to another.
func (c *Cluster) StartMunge() error {
	return c.daemon("munged", "--key-file="+c.path("etc", "munge.key"), "--socket="+c.path("run", "munge.sock"),
		"--pid-file="+c.path("run", "munged.pid"), "--seed-file="+c.path("run", "munged.seed"),
		"--log-file="+c.path("log", "munged.log"), "--force")
}

// StartNode starts the slurmd of a node, such as n1, with further options of slurmd.
func (c *Cluster) StartNode(name string, options ...string) error {
	mode := os.FileMode(0o700)
	if c.shared {
		mode = 0o755
	}
	if err := os.MkdirAll(c.path("spool", name), mode); err != nil {
		return err
	}
	return c.daemon("slurmd", append([]string{"-f", c.Conf(), "-N", name}, options...)...)
}

// StartSlurmdbd starts the daemon of accounting, in a cluster that has it. slurmdbd.conf lies next to slurm.conf.
func (c *Cluster) StartSlurmdbd() error { return c.daemon("slurmdbd") }
