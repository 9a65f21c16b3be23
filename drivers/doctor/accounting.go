package doctor

import "strings"

func accounting(f Facts) []Check {
	const name = "accounting"
	s := f.Slurm
	switch {
	case f.local():
		return nil
	case !s.Config.OK:
		return one(name, Skipped, "", "the controller does not answer")
	case !strings.HasSuffix(s.Storage, "/slurmdbd"):
		return one(name, OK, "", "none here: limits of QOS are unknown, and how jobs ended is known from their own records")
	case !s.Accounting.OK:
		return one(name, Warn, "wait, or ask the site; ends of jobs are known from their own records meanwhile", "slurmdbd does not answer: %s", s.Accounting.said())
	}
	return one(name, OK, "", "slurmdbd answers")
}
