package v1alpha1

import "strings"

func (c *checker) secrets(path string, secrets map[string]Secret) {
	for name, s := range secrets {
		at := path + ".secrets[" + name + "]"
		switch {
		case !envName.MatchString(name):
			c.bad(at, "must be a variable's name: letters, digits and _, no digit first", "")
		case s.Env == "" && s.File == "":
			c.bad(at, "names no source", "write {env: NAME} or {file: PATH}; never the value itself")
		case s.Env != "" && s.File != "":
			c.bad(at+".file", "a second source: a secret is read from env or from a file", "remove one")
		case s.Env != "" && !envName.MatchString(s.Env):
			c.bad(at+".env", "must be a variable's name", "never write the value here")
		case s.File != "" && !strings.HasPrefix(s.File, "/") && !strings.HasPrefix(s.File, "~/"):
			c.bad(at+".file", "must be an absolute path, or begin with ~/, found "+brief(s.File), "")
		}
	}
}
