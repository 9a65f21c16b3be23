package doctor

import "fmt"

func login(f Facts) []Check {
	const name = "ssh"
	l := f.Site.Spec.Login
	if l.Host == "" {
		return one(name, Skipped, "", "the Site names no login host")
	}
	if !f.Login.OK {
		command := "ssh " + l.Host
		if l.Port != 0 {
			command = fmt.Sprintf("ssh -p %d %s", l.Port, l.Host)
		}
		return one(name, Warn, "make this work without a question: "+command+" true", "%s lets you in only with a question, or not at all: %s", l.Host, f.Login.said())
	}
	return one(name, OK, "", "%s lets you in, in %s", l.Host, short(f.Login.Took))
}
