package doctor

import "strings"

func gpus(f Facts) []Check {
	const name = "GPUs"
	at := f.Here
	if !f.local() {
		if f.Job.Asking.GPUs == 0 {
			return one(name, Skipped, "", "the Site states none in the job's partition (gpusPerNode); another one: --partition NAME")
		}
		if len(f.Job.Nodes) == 0 {
			return one(name, Skipped, "", "no node was asked")
		}
		at = f.Job.Nodes[0].Host
	}
	lines := strings.Split(at.GPUs.Text, "; ")
	switch {
	case at.GPUs.Missing && f.local():
		return one(name, Skipped, "", "there is no nvidia-smi on this machine")
	case at.GPUs.Missing:
		return one(name, Warn, "for GPUs of NVIDIA, its folder has to be on PATH in jobs, or their figures are missing", "there is no nvidia-smi on %s", at.Name)
	case !at.GPUs.OK:
		return one(name, Fail, "ask the site to look at the node", "nvidia-smi fails on %s: %s", at.Name, at.GPUs.said())
	}
	return one(name, OK, "", "%d on %s: %s", len(lines), at.Name, lines[0])
}
