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
	accounting := flag.Bool("accounting", false, "with slurmdbd and MariaDB: an account, QOSs and limits")
	flag.Parse()
	var options []cluster.Option
	if *accounting {
		options = append(options, cluster.Accounting)
	}
	if err := run(*dir, *nodes, options, flag.Arg(0)); err != nil {
		fmt.Fprintf(os.Stderr, "slurm-up: %v\n", err)
		os.Exit(1)
	}
}

func run(dir string, nodes int, options []cluster.Option, verb string) error {
	if dir == "" {
		return fmt.Errorf("usage: slurm-up -dir FOLDER [-nodes N] [-accounting] up|down")
	}
	switch verb {
	case "up":
		c, err := cluster.Start(dir, nodes, options...)
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
	return fmt.Errorf("%q is not a verb; type up or down", verb)
}
