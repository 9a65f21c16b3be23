package doctor

import "slices"

func containers(f Facts) []Check {
	const name = "container runtime"
	c := f.Site.Spec.Container
	if !c.Runs() {
		return one(name, Skipped, "", "the Site names none: services run what is on PATH")
	}
	if i := slices.IndexFunc(f.Job.Nodes, func(n Node) bool { return n.Host.Runtime.Asked }); i >= 0 {
		n := f.Job.Nodes[i].Host
		if !n.Runtime.OK {
			return one(name, Fail, "name the module that has it in the Site: modules: [NAME/VERSION]; or write container: {runtime: none}", "%s does not run on %s: %s", c.Runtime, n.Name, n.Runtime.said())
		}
		return one(name, OK, "", "%s on %s", n.Runtime.said(), n.Name)
	}
	switch {
	case f.Here.Runtime.OK && f.local():
		return one(name, OK, "", f.Here.Runtime.said())
	case f.local():
		return one(name, Fail, "install it, or write container: {runtime: none}", "%s does not run here: %s", c.Runtime, f.Here.Runtime.said())
	case f.Here.Runtime.OK:
		return one(name, Warn, "", "%s here; no node was asked", f.Here.Runtime.said())
	}
	return one(name, Skipped, "", "%s is not on this host, and no node was asked", c.Runtime)
}
