package cluster

import "testing"

func TestKnowsDisabled(t *testing.T) {
	for version, want := range map[string]bool{
		"slurm-wlm 22.05.8": false, "slurm 23.02.7": false, "slurm 23.11.0": true, "slurm-wlm 24.11.5": true, "slurm-wlm 26.05.5": true, "": false, "slurm": false,
	} {
		if got := knowsDisabled(version); got != want {
			t.Errorf("%q: %v, want %v", version, got, want)
		}
	}
}
