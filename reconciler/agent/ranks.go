package agent

import (
	"fmt"
	"slices"
)

// choose asks the program of a server on several nodes for its version, where that decides how its nodes work together.
func (p *process) choose() (wait string, err error) {
	if p.want.Ranks == nil || p.want.Ranks.Versions == nil {
		return "", nil
	}
	return p.spread.ask(p, p.want.Ranks.Versions.Argv)
}

// onCluster reports whether the server runs on a Ray cluster.
func (p *process) onCluster() bool {
	if p.want.Cluster == nil || p.want.Ranks == nil {
		return p.want.Cluster != nil
	}
	return p.want.Ranks.Versions != nil && older(p.spread.number, p.want.Ranks.Versions.Least)
}

// serves is the command line of the server itself.
func (p *process) serves() []string {
	switch {
	case p.onCluster():
		return slices.Concat(p.want.Argv, p.want.Cluster.Args)
	case p.want.Ranks != nil:
		return slices.Concat(p.want.Argv, p.want.Ranks.Args)
	}
	return p.want.Argv
}

// startRanks starts what a server on several nodes runs on the others: one command a node. They wait for the server by
// themselves, so they start beside it.
func (p *process) startRanks() error {
	if p.want.Ranks == nil || p.onCluster() {
		return nil
	}
	for i, argv := range p.want.Ranks.Others {
		rank := i + 1
		cmd, err := p.elsewhere(argv, rank, 1)
		if err == nil {
			err = p.begin(cmd, "RankDied", fmt.Sprintf("rank %d, on node %d of the job,", rank, rank+1), fmt.Sprintf(".rank-%d", rank))
		}
		if err != nil {
			return fmt.Errorf("starting rank %d: %w", rank, err)
		}
	}
	return nil
}
