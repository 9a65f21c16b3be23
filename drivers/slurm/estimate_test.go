package slurm

import "testing"

// TestWillStart reads what three releases print.
func TestWillStart(t *testing.T) {
	for _, text := range []string{
		"sbatch: Job 7 to start at 2026-11-29T06:21:17 using 16 processors on n[1-2] in partition cpu",          // 22.05
		"sbatch: Job 7 to start at 2026-11-29T06:21:17 using 2 processors on nodes n[1-2] in partition cpu",     // 24.11
		"sbatch: Job 537 to start at 2026-11-29T06:21:17 a using 2 processors on nodes n[1-2] in partition cpu", // 26.05
	} {
		m := willStart.FindStringSubmatch(text)
		if m == nil || m[1] != "2026-11-29T06:21:17" || m[2] != "n[1-2]" {
			t.Errorf("%q: %q", text, m)
		}
	}
}
