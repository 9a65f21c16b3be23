package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// oldest is the first Slurm that assay is tested with.
const oldestYear, oldestMonth = 22, 5

// needed are the commands without which nothing runs; others are used where there is accounting.
var needed = []string{"sbatch", "squeue", "scancel", "scontrol", "srun"}

func programs(f Facts) []Check {
	const name = "Slurm commands"
	if f.local() {
		return one(name, Skipped, "", "site %s runs on this machine, without Slurm", f.Site.Metadata.Name)
	}
	s := f.Slurm
	var lacking []string
	for _, c := range s.Missing {
		if slices.Contains(needed, c) {
			lacking = append(lacking, c)
		}
	}
	if len(lacking) > 0 {
		return one(name, Fail, "run assay where Slurm is: on a login node; or load its module", "not on PATH: %s", strings.Join(lacking, ", "))
	}
	found := "Slurm " + s.Client
	if len(s.Missing) > 0 {
		found += "; not on PATH: " + strings.Join(s.Missing, ", ")
	}
	var year, month int
	_, err := fmt.Sscanf(s.Client, "%d.%d", &year, &month)
	switch {
	case err != nil:
		return one(name, Warn, "type: sbatch --version", "its version is not known: %s", s.Client)
	case year*100+month < oldestYear*100+oldestMonth:
		return one(name, Warn, "assay is tested with 22.05 to 26.05: look at the rest of this table", found)
	case s.Controller != "" && s.Controller != s.Client:
		return one(name, OK, "", "%s, with a controller of %s", found, s.Controller)
	}
	return one(name, OK, "", found)
}
