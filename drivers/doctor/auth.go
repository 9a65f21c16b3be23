package doctor

import "strings"

func auth(f Facts) []Check {
	const name = "authentication"
	s := f.Slurm
	switch {
	case f.local():
		return nil
	case s.AuthType != "" && !strings.HasSuffix(s.AuthType, "/munge"):
		return one(name, Skipped, "", "%s, which has no program to try", s.AuthType)
	case s.Munge.Missing && s.Config.OK, s.Config.OK && !s.Munge.OK:
		return one(name, OK, "", "the controller believes who you are")
	case s.Munge.Missing || !s.Munge.Asked:
		return one(name, Skipped, "", "there is no munge command to try")
	case !s.Munge.OK:
		return one(name, Fail, "munged does not run on this host, or its socket cannot be reached: ask the site", s.Munge.said())
	}
	return one(name, OK, "", "munge works on this host")
}
