package service

import (
	"slices"

	"assay/drivers"
)

// UnderParents puts `assay parent` in front of the commands that need it: servers behind a door, and the parts of a Ray
// cluster, whose folder is private. It comes after everything else that changes commands: a container is the parent's child.
func UnderParents(c drivers.Compiled) drivers.Compiled {
	c.Processes = slices.Clone(c.Processes)
	for i := range c.Processes {
		p := &c.Processes[i]
		if d := p.Door; d != nil {
			words := []string{"$(ASSAY)", "parent", "--listen", "$(HOST):$(PORT)", "--to", "127.0.0.1:$(PORT:" + d.Port + ")", "--key", p.Token}
			p.Argv, p.Door = slices.Concat(words, []string{"--"}, p.Argv), nil
			p.Protected = map[string]string{d.Port: drivers.OnLoopback}
		}
		if p.Cluster != nil && p.Cluster.Private != "" {
			cluster := *p.Cluster
			words := []string{"$(ASSAY)", "parent", "--private", cluster.Private, "--"}
			cluster.Head, cluster.Worker, cluster.Private = slices.Concat(words, cluster.Head), slices.Concat(words, cluster.Worker), ""
			p.Cluster = &cluster
		}
	}
	return c
}
