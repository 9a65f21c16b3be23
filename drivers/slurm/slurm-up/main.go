// Command slurm-up starts and stops the Slurm test cluster of drivers/slurm/cluster by hand; `make slurm-up` runs it.
package main

import (
	"flag"
	"fmt"
	"os"

	"assay/drivers/slurm/cluster"
)

func main() {
	dir := flag.String("dir", "", "folder of the cluster")
	nodes := flag.Int("nodes", 4, "number of nodes")
	flag.Parse()
	if err := run(*dir, *nodes, flag.Arg(0)); err != nil {
		fmt.Fprintf(os.Stderr, "slurm-up: %v\n", err)
		os.Exit(1)
	}
}

func run(dir string, nodes int, verb string) error {
	if dir == "" {
		return fmt.Errorf("usage: slurm-up -dir FOLDER [-nodes N] up|down")
	}
	switch verb {
	case "up":
		c, err := cluster.Start(dir, nodes)
		if err != nil {
			return err
		}
		fmt.Printf("export SLURM_CONF=%s\n", c.Conf())
		return nil
	case "down":
		c, err := cluster.Open(dir)
		if err != nil {
			return err
		}
		return c.Stop()
	}
	return fmt.Errorf("%q is neither up nor down", verb)
}
