package doctor

func ports(f Facts) []Check {
	const name = "ports between nodes"
	for _, n := range f.Job.Nodes {
		switch r := n.Reached; {
		case !r.Asked:
		case !r.OK:
			return one(name, Fail, "services on several nodes, and benchmarks from another node, need free ports between nodes: ask the site which are open",
				"%s cannot connect to a port that %s listens on: %s", n.Host.Name, f.Job.Nodes[0].Host.Name, r.said())
		default:
			return one(name, OK, "", "%s connects to %s in %s", n.Host.Name, r.Text, short(r.Took))
		}
	}
	if f.local() {
		return nil
	}
	return one(name, Skipped, "", "there was no job on two nodes")
}
