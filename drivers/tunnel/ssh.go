package tunnel

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/api/v1alpha1"
)

// plainName is what a host or user can be: nothing that ssh, or a shell into which it is pasted, reads as something else.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._:-]*$`)

// login is ssh to the login host of a site, and nothing more.
func login(site v1alpha1.Site) ([]string, error) {
	l := site.Spec.Login
	for _, f := range []struct{ name, value string }{{"host", l.Host}, {"user", l.User}} {
		if f.value != "" && !plainName.MatchString(f.value) {
			return nil, fmt.Errorf("login.%s of site %s is %q, which is no name; correct it in the site's file, and apply that: assay apply -f SITE.yaml", f.name, site.Metadata.Name, f.value)
		}
	}
	out := []string{"ssh", "-p", strconv.Itoa(cmp.Or(l.Port, 22))}
	if l.User != "" {
		out = append(out, "-l", l.User)
	}
	return append(out, l.Host), nil
}

// Command is the ssh command, as arguments, that opens one forward and no more.
func Command(site v1alpha1.Site, f Forward) ([]string, error) {
	argv, err := login(site)
	return append(argv, "-N", "-L", f.argument()), err
}

// CommandLine is argv for pasting into a shell.
func CommandLine(argv []string) string {
	words := slices.Clone(argv)
	for i, w := range words {
		if strings.ContainsAny(w, " \t\n'\"\\$`&|;<>()*?[]#~!{}") {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}
