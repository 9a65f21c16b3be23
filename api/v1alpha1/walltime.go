package v1alpha1

// EndWarning is how long before the end of its walltime a job of Slurm is told to end, by a signal of its own: a minute, or
// an eighth of a walltime below eight minutes. 0, a walltime that is not declared, is warned a minute ahead.
func EndWarning(walltime Duration) Duration {
	if walltime <= 0 {
		return minute
	}
	return min(minute, walltime/8)
}

// Usable is how much of a walltime runs can count on: up to the first signal. Slurm looks at its jobs every 30 seconds and
// signals those that would be late by the next time, so the warning can come that much earlier.
func Usable(scheduler string, walltime Duration) Duration {
	if scheduler != Slurm || walltime <= 0 {
		return walltime
	}
	return max(walltime-EndWarning(walltime)-minute/2, walltime/4)
}
