package slurm

import "assay/drivers"

// Step is argv as a step of a job that runs, on one of its nodes, beside what runs there. Terminal gives it one of its own.
func Step(id drivers.JobID, node string, terminal bool, argv []string) []string {
	out := []string{"srun", "--jobid=" + string(id), "--overlap", "--nodes=1", "--ntasks=1", "--nodelist=" + node, "--quiet"}
	if terminal {
		out = append(out, "--pty")
	}
	return append(out, argv...)
}
