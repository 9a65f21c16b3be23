package doctor

import "strings"

// exits are what the kernel and the shell say of a program that cannot be started.
const cannotRun, notFound = 126, 127

// seen is whether a job starts, and what its nodes see.
func seen(f Facts) []Check {
	const name = "a tiny job"
	j := f.Job
	switch {
	case f.local() || !j.Asked:
		return one(name, Skipped, "", "it was not asked for, or there is nowhere to submit it")
	case j.Refused:
		return one(name, Fail, "write what the site asks for into the Site: account, defaults, qos, sbatch", "it was refused: %s", j.Problem)
	case j.Problem != "" && j.Started:
		return one(name, Fail, "services on several nodes are started with srun inside their job: try it by hand", "it ran, and could not start a program on all of its nodes: %s", j.Problem)
	case j.Problem != "":
		return one(name, Fail, "see the controller above; try again", j.Problem)
	case j.Exit == cannotRun && len(j.Nodes) == 0:
		return one(name, Fail, "put the state directory where programs may run: "+field(State), "its node may not run assay's copy in the state directory, which is mounted noexec there (exit code %d)", j.Exit)
	case j.Exit == notFound && len(j.Nodes) == 0:
		return one(name, Fail, "name a folder that login and compute nodes share: "+field(State), "its node does not see the state directory (exit code %d)", j.Exit)
	case j.Exit == 1 && len(j.Nodes) == 0 && len(f.Site.Spec.Modules) > 0:
		return one(name, Fail, "type: module avail; and correct modules in the Site", "it ended at once (exit code 1): one of the modules %s cannot be loaded there", strings.Join(f.Site.Spec.Modules, ", "))
	case j.Ended != "" && len(j.Nodes) == 0:
		return one(name, Fail, "name a folder that login and compute nodes share: "+field(State), "it ended without a word (%s, exit code %d): its node does not see the state directory, or cannot write there", j.Ended, j.Exit)
	case !j.Started:
		return one(name, Warn, "try again when the queue is shorter, or in another partition: --partition NAME", "the queue did not start it within %s (%s): what nodes see is not known", short(j.Waited), j.Reason)
	case len(j.Nodes) == 0:
		return one(name, Warn, "try again", "it started, and its node did not answer in time")
	}
	var names, lacking []string
	for _, n := range j.Nodes {
		names = append(names, n.Host.Name)
		for _, u := range unseen(n) {
			lacking = append(lacking, n.Host.Name+" lacks "+u)
		}
	}
	if len(lacking) > 0 {
		return one(name, Fail, "name folders that login and compute nodes share, in the Site's paths and container", strings.Join(lacking, "; "))
	}
	if j.Left != "" {
		return one(name, Warn, "", "it ran on %s, but something is left: %s", strings.Join(names, ", "), j.Left)
	}
	return one(name, OK, "", "it started after %s on %s, which see every folder", short(j.Waited), strings.Join(names, ", "))
}
