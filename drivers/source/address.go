package source

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"
)

var (
	// helperURL is how git names a program that does the transport: "ext::sh -c …".
	helperURL = regexp.MustCompile(`^[A-Za-z0-9_+.-]*::`)
	// scpPassword is user:password@host:path, which ssh has no way to use.
	scpPassword = regexp.MustCompile(`^[^/@]*:[^/]*@`)
)

// instead is how to give git a password, a token or the name of an account.
const instead = "replace it if it was a secret, because it has been in a command line; git asks your credential helper (git help credentials), or the program that GIT_ASKPASS names; for another user name: git config --global credential.https://HOST.username NAME"

// check refuses what git would take for an option, for a command to run, or for another kind of name, and an address that
// holds a secret: others on the machine could read it in the list of processes, and it would be stored with every revision.
func (g Git) check() error {
	switch {
	case g.Repo == "" || strings.HasPrefix(g.Repo, "-"):
		return fmt.Errorf("--repo %q is not a repository: give a URL or a folder", g.Repo)
	case helperURL.MatchString(g.Repo):
		return fmt.Errorf("--repo names a program that does the transport (%s): give a URL or a folder", helperURL.FindString(g.Repo))
	case g.Ref == "" || strings.HasPrefix(g.Ref, "-") || strings.ContainsAny(g.Ref, " ~^:?*[\\\x00\n") || strings.Contains(g.Ref, "..") || strings.Contains(g.Ref, "@{"):
		return fmt.Errorf("--ref %q is not the name of a branch or tag", g.Ref)
	case strings.HasPrefix(g.Path, "-") || !fs.ValidPath(path.Clean(g.Path)):
		return fmt.Errorf("--path %q is not a path inside of a repository", g.Path)
	}
	return checkAddress(g.Repo)
}

// checkAddress refuses an address with a secret. No error has the address, because the secret can be anywhere in it.
func checkAddress(repo string) error {
	scheme, _, isURL := strings.Cut(repo, "://")
	if !isURL {
		if scpPassword.MatchString(repo) {
			return fmt.Errorf("--repo holds a password before the host: leave it out; %s", instead)
		}
		return nil
	}
	u, err := url.Parse(repo)
	if err != nil { // url.Error quotes it
		return fmt.Errorf("--repo is not a URL: write https://host/path, ssh://git@host/path or a folder")
	}
	_, password := u.User.Password()
	switch {
	case password || u.User != nil && u.Scheme != "ssh":
		return fmt.Errorf("--repo holds a user name, a password or a token: write %s://%s%s; %s", strings.ToLower(scheme), u.Host, u.EscapedPath(), instead)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("--repo holds a query or a fragment, which can be a token: write %s://%s%s; %s", strings.ToLower(scheme), u.Host, u.EscapedPath(), instead)
	}
	return nil
}
