package source

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
)

// repository makes a repository and returns it with a way to commit files.
func repository(t *testing.T) (dir string, commit func(files map[string]string) string) {
	t.Helper()
	dir = t.TempDir()
	gitIn(t, dir, "init", "-q", "-b", "main")
	return dir, func(files map[string]string) string {
		t.Helper()
		for name, text := range files {
			write(t, filepath.Join(dir, name), text)
		}
		gitIn(t, dir, "add", "--all", "--force", ".")
		gitIn(t, dir, "commit", "-q", "--allow-empty", "-m", "edit")
		return gitIn(t, dir, "rev-parse", "HEAD")
	}
}

// TestFollowingABranch is a good, a broken and a reverted commit, and a branch that goes away and comes back.
func TestFollowingABranch(t *testing.T) {
	dir, commit := repository(t)
	g := Git{Repo: dir, Ref: "main", Path: ".", Cache: filepath.Join(t.TempDir(), "cache")}
	follow := func(commit, text string) {
		t.Helper()
		for range 2 { // the second time nothing is fetched
			in, err := g.Read(t.Context())
			if err != nil || in.Origin.Commit != commit || in.Origin.Source != "sync" || in.Origin.Path != dir+"#." {
				t.Fatalf("commit %s: %+v %v", commit, in.Origin, err)
			}
			if d := cmp.Diff(map[string]string{"e.yaml": text}, contents(in)); d != "" {
				t.Error(d)
			}
		}
	}
	good := commit(map[string]string{"e.yaml": "good"})
	follow(good, "good")
	follow(commit(map[string]string{"e.yaml": "{broken"}), "{broken") // whether it is good is for others to say
	gitIn(t, dir, "revert", "--no-edit", "HEAD")
	follow(gitIn(t, dir, "rev-parse", "HEAD"), "good")

	gitIn(t, dir, "branch", "-m", "main", "away")
	if in, err := g.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "git ls-remote "+dir) {
		t.Errorf("a branch that is gone: %+v %v", in.Origin, err)
	}
	gitIn(t, dir, "branch", "main", good)
	follow(good, "good")
	if err := os.Rename(filepath.Join(dir, ".git"), filepath.Join(dir, ".gone")); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Read(t.Context()); err == nil {
		t.Error("a repository that is gone was read from the copy")
	}
	if info, err := os.Stat(g.Cache); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cache: %v %v", info.Mode(), err)
	}
}

func TestWhatIsReadOfARepository(t *testing.T) {
	dir, commit := repository(t)
	if err := os.Symlink("e.yaml", filepath.Join(dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	first := commit(map[string]string{"e.yaml": "e", "a/b/c.yml": "c", "a/[x].yaml": "x", "a/x.yaml": "not it", "a/.h/h.yaml": "h", ".dot/d.yaml": "d",
		"plain/manifest.txt": "m", "empty/none.txt": "n", "big/big.yaml": strings.Repeat("x", v1alpha1.MaxFile+1)})
	gitIn(t, dir, "tag", "-a", "-m", "annotated", "v1")
	gitIn(t, dir, "tag", "both")
	gitIn(t, dir, "branch", "both")
	gitIn(t, dir, "checkout", "-q", "both")
	second := commit(map[string]string{"a/b/c.yml": "of the branch"})
	for name, tc := range map[string]struct {
		ref, path, commit string
		want              map[string]string
		err               string
	}{
		"folder":                {"v1", "a/b", first, map[string]string{"c.yml": "c"}, ""},
		"hidden ones stay out":  {"v1", "a/", first, map[string]string{"c.yml": "c", "[x].yaml": "x", "x.yaml": "not it"}, ""},
		"unless they are named": {"v1", ".dot", first, map[string]string{"d.yaml": "d"}, ""},
		"a name is no pattern":  {"v1", "a/[x].yaml", first, map[string]string{"[x].yaml": "x"}, ""},
		"any file by name":      {"v1", "./plain/manifest.txt", first, map[string]string{"manifest.txt": "m"}, ""},
		"branch before tag":     {"both", "a/b", second, map[string]string{"c.yml": "of the branch"}, ""},
		"no manifest":           {"v1", "empty", first, nil, "no *.yaml"},
		"a link":                {"v1", "link.yaml", first, nil, "link.yaml is a link"},
		"too big":               {"v1", "big", first, nil, "MiB"},
		"no such path":          {"v1", "nowhere", first, nil, "no *.yaml"},
	} {
		in, err := Git{Repo: dir, Ref: tc.ref, Path: tc.path, Cache: t.TempDir()}.Read(t.Context())
		if (tc.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s: %v", name, err)
		}
		if in.Origin.Commit != tc.commit || in.Origin.Ref != tc.ref {
			t.Errorf("%s: %+v, want commit %s", name, in.Origin, tc.commit)
		}
		if d := cmp.Diff(tc.want, contents(in)); err == nil && d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestRefusedBeforeGitSeesIt: what git would obey, and addresses with a secret, whose error says what to do instead.
func TestRefusedBeforeGitSeesIt(t *testing.T) {
	pwned := filepath.Join(t.TempDir(), "pwned")
	for name, g := range map[string]Git{
		"a program":             {Repo: "ext::touch " + pwned, Ref: "main", Path: "."},
		"another helper":        {Repo: "fd::7", Ref: "main", Path: "."},
		"an option as repo":     {Repo: "--upload-pack=touch " + pwned, Ref: "main", Path: "."},
		"an option as ref":      {Repo: "r", Ref: "--upload-pack=touch " + pwned, Path: "."},
		"an option as path":     {Repo: "r", Ref: "main", Path: "--output=" + pwned},
		"nothing":               {Ref: "main", Path: "."},
		"no ref":                {Repo: "r", Path: "."},
		"a refspec":             {Repo: "r", Ref: "main:refs/heads/other", Path: "."},
		"a pattern":             {Repo: "r", Ref: "*", Path: "."},
		"a parent":              {Repo: "r", Ref: "main~1", Path: "."},
		"a reflog entry":        {Repo: "r", Ref: "main@{1}", Path: "."},
		"a path to the outside": {Repo: "r", Ref: "main", Path: "a/../../x"},
		"an absolute path":      {Repo: "r", Ref: "main", Path: "/etc"},
	} {
		refused(t, name, g)
	}
	for name, repo := range map[string]string{
		"a password":              "https://me:hunter2@host/r",
		"a password, other port":  "ssh://me:hunter2@host:22/r",
		"a token as user":         "https://hunter2@host/r",
		"a token, http":           "http://hunter2@host:1/r",
		"a token, capitals":       "HTTPS://hunter2@host/r",
		"a token, git":            "git://hunter2@host/r",
		"a token in a query":      "https://host/r?private_token=hunter2",
		"a token in a query, ssh": "ssh://git@host/r?token=hunter2",
		"a token in a fragment":   "https://host/r#hunter2",
		"no URL":                  "https://me:hunter2%zz@host/r",
		"a space before it":       " https://me:hunter2@host/r",
		"two @":                   "https://me:hunter2@x@host/r",
		"as scp writes it":        "me:hunter2@host:r",
		"behind a helper":         "ext::https://me:hunter2@host/r",
	} {
		err := refused(t, name, Git{Repo: repo, Ref: "main", Path: "."})
		if err != nil && name != "no URL" && name != "a space before it" && name != "two @" && name != "behind a helper" && !strings.Contains(err.Error(), "GIT_ASKPASS") {
			t.Errorf("%s: it does not say how to do it: %v", name, err)
		}
	}
	if _, err := os.Stat(pwned); err == nil {
		t.Error("a program was run")
	}
	for _, repo := range []string{"ssh://git@host/r", "git@host:r", "host:r", "/a@b:c@d/r", "./me:x@y", "file:///repo", "https://host:1/r.git"} {
		if err := (Git{Repo: repo, Ref: "main", Path: "."}).check(); err != nil {
			t.Errorf("%s: %v", repo, err)
		}
	}
}

func refused(t *testing.T, name string, g Git) error {
	t.Helper()
	g.Cache = filepath.Join(t.TempDir(), "cache")
	in, err := g.Read(t.Context())
	if err == nil || strings.Contains(err.Error()+in.Origin.Path, "hunter2") {
		t.Errorf("%s: %+v %v", name, in.Origin, err)
	}
	if _, err := os.Stat(g.Cache); err == nil {
		t.Errorf("%s: git was called", name)
	}
	return err
}

// TestNoAddressInWhatGitSays: an address with a secret can come from the user's own url.*.insteadOf.
func TestNoAddressInWhatGitSays(t *testing.T) {
	for text, want := range map[string]string{
		"fatal: unable to access 'https://me:hunter2@host/r/': no": "fatal: unable to access 'https://host/r/': no",
		"https://host/r?token=hunter2: no":                         "https://host/r no",
		"git@host: Permission denied":                              "git@host: Permission denied",
	} {
		if got := withoutUsers(text); got != want {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	write(t, filepath.Join(os.Getenv("HOME"), ".gitconfig"), "[url \"http://me:hunter2@127.0.0.1:1/\"]\n\tinsteadOf = http://mirror/\n")
	in, err := Git{Repo: "http://mirror/r", Ref: "main", Path: ".", Cache: t.TempDir()}.Read(t.Context())
	if err == nil || strings.Contains(err.Error(), "hunter2") || in.Origin.Path != "http://mirror/r#." {
		t.Errorf("%+v %v", in.Origin, err)
	}
}

// TestAForeignGitDirIsLeftAlone runs as inside of a git hook, where GIT_DIR names another repository.
func TestAForeignGitDirIsLeftAlone(t *testing.T) {
	dir, commit := repository(t)
	want := commit(map[string]string{"e.yaml": "e"})
	other, commitOther := repository(t)
	commitOther(map[string]string{"o.yaml": "o"})
	t.Setenv("GIT_DIR", filepath.Join(other, ".git"))
	in, err := Git{Repo: dir, Ref: "main", Path: ".", Cache: t.TempDir()}.Read(t.Context())
	if err != nil || in.Origin.Commit != want {
		t.Errorf("%+v %v", in.Origin, err)
	}
	in, err = Read(t.Context(), []string{filepath.Join(dir, "e.yaml")}, nil)
	if err != nil || in.Origin.Commit != want {
		t.Errorf("%+v %v", in.Origin, err)
	}
}

// TestAServerThatNeverAnswers must not hold anybody up for longer than they are willing to wait.
func TestAServerThatNeverAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := Git{Repo: "git://" + l.Addr().String() + "/r", Ref: "main", Path: ".", Cache: t.TempDir()}.Read(ctx)
		ended <- err
	}()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it was read")
		}
	case <-time.After(30 * time.Second):
		t.Error("it is still waiting")
	}
}

func TestCommitOfWhatIsApplied(t *testing.T) {
	dir, commit := repository(t)
	commit(map[string]string{"e.yaml": "e", "sub/s.yaml": "s", ".gitignore": "*.local.yaml\nout/\n"})
	other, commitOther := repository(t)
	commitOther(map[string]string{"o.yaml": "o"})
	outside := t.TempDir()
	write(t, filepath.Join(outside, "x.yaml"), "x")
	if err := os.Symlink(filepath.Join(dir, "e.yaml"), filepath.Join(outside, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "sub", "notes.txt"), "changed, and no manifest")
	write(t, filepath.Join(dir, "new.yaml"), "untracked")
	write(t, filepath.Join(dir, "my.local.yaml"), "ignored")
	write(t, filepath.Join(dir, "out", "deep", "o.yaml"), "in an ignored folder")
	head := gitIn(t, dir, "rev-parse", "HEAD")
	for name, tc := range map[string]struct {
		paths []string
		want  string
	}{
		"a file":              {[]string{dir + "/e.yaml"}, head},
		"a folder":            {[]string{dir + "/sub"}, head},
		"both":                {[]string{dir + "/e.yaml", dir + "/sub"}, head},
		"through a link":      {[]string{outside + "/link.yaml"}, head},
		"untracked":           {[]string{dir + "/new.yaml"}, head + "-dirty"},
		"ignored":             {[]string{dir + "/my.local.yaml"}, head + "-dirty"},
		"an ignored folder":   {[]string{dir + "/out"}, head + "-dirty"},
		"one of both":         {[]string{dir + "/new.yaml", dir + "/e.yaml"}, head + "-dirty"},
		"a folder with such":  {[]string{dir}, head + "-dirty"},
		"two repositories":    {[]string{dir + "/e.yaml", other + "/o.yaml"}, ""},
		"partly outside":      {[]string{dir + "/e.yaml", outside + "/x.yaml"}, ""},
		"outside":             {[]string{outside + "/x.yaml"}, ""},
		"with standard input": {[]string{dir + "/e.yaml", "-"}, ""},
	} {
		in, err := Read(t.Context(), tc.paths, strings.NewReader("s"))
		if err != nil || in.Origin.Commit != tc.want {
			t.Errorf("%s: commit %q, want %q (%v)", name, in.Origin.Commit, tc.want, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if in, err := Read(t.Context(), []string{dir + "/e.yaml"}, nil); err != nil || in.Origin.Commit != "" || len(in.Files) != 1 {
		t.Errorf("without git: %+v %v", in, err)
	}
}

// TestFollow delivers a commit once, the next one when it comes, and a failure once.
func TestFollow(t *testing.T) {
	dir, commit := repository(t)
	first := commit(map[string]string{"e.yaml": "1"})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	second := ""
	err := Git{Repo: dir, Ref: "main", Path: ".", Cache: t.TempDir()}.Follow(ctx, 0, func(in Input, err error) {
		switch {
		case err != nil:
			got = append(got, "error")
			cancel()
		case second == "":
			got = append(got, in.Origin.Commit)
			second = commit(map[string]string{"e.yaml": "2"})
		default:
			got = append(got, in.Origin.Commit)
			if err := os.Rename(dir, dir+".gone"); err != nil {
				t.Error(err)
			}
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if d := cmp.Diff([]string{first, second, "error"}, got); d != "" {
		t.Error(d)
	}
}

// TestIdentity: a repository is the same one under each of its addresses, at each of its commits and on each of its
// branches; another one is not, nor is another path. A shallow one has no identity.
func TestIdentity(t *testing.T) {
	dir, commit := repository(t)
	first := commit(map[string]string{"e.yaml": "1", "sub/s.yaml": "s"})
	second := commit(map[string]string{"e.yaml": "2"})
	gitIn(t, dir, "branch", "other", first)
	other, commitOther := repository(t)
	firstOther := commitOther(map[string]string{"e.yaml": "1"})
	shallow := filepath.Join(t.TempDir(), "shallow")
	gitIn(t, dir, "clone", "-q", "--depth=1", "file://"+dir, shallow)
	link := filepath.Join(t.TempDir(), "link")
	check(t, os.Symlink(dir, link))
	t.Chdir(filepath.Dir(dir))
	cache := t.TempDir()
	for name, c := range map[string]struct {
		g    Git
		want string
	}{
		"absolute":              {Git{Repo: dir}, first + ":."},
		"relative":              {Git{Repo: filepath.Base(dir)}, first + ":."},
		"a slash at the end":    {Git{Repo: dir + "/"}, first + ":."},
		"through a link":        {Git{Repo: link}, first + ":."},
		"its .git":              {Git{Repo: dir + "/.git"}, first + ":."},
		"a URL":                 {Git{Repo: "file://" + dir}, first + ":."},
		"another branch":        {Git{Repo: dir, Ref: "other"}, first + ":."},
		"a path":                {Git{Repo: dir, Path: "sub/"}, first + ":sub"},
		"another repository":    {Git{Repo: other}, firstOther + ":."},
		"a shallow repository":  {Git{Repo: shallow}, ""},
		"again, from the cache": {Git{Repo: dir}, first + ":."},
	} {
		c.g.Cache = cache
		if c.g.Ref == "" {
			c.g.Ref = "main"
		}
		if c.g.Path == "" {
			c.g.Path = "."
		}
		in, err := c.g.Read(t.Context())
		if err != nil || in.Origin.Identity != c.want {
			t.Errorf("%s: identity %q, want %q (%v)", name, in.Origin.Identity, c.want, err)
		}
		if !filepath.IsAbs(in.Origin.Path) && !strings.HasPrefix(in.Origin.Path, "file://") {
			t.Errorf("%s: the path %s depends on the working folder", name, in.Origin.Path)
		}
	}
	gitIn(t, shallow, "fetch", "-q", "--unshallow")
	gitIn(t, shallow, "commit", "-q", "--allow-empty", "-m", "edit")
	if in, err := (Git{Repo: shallow, Ref: "main", Path: ".", Cache: cache}).Read(t.Context()); err != nil || in.Origin.Identity != first+":." {
		t.Errorf("no longer shallow: %+v %v", in.Origin, err)
	}
	check(t, filepath.WalkDir(cache, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.Name() != "config" {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), dir) {
			t.Errorf("an address, which can hold a token, is in %s:\n%s", path, text)
		}
		return err
	}))
	g := Git{Repo: dir, Ref: "main", Path: ".", Cache: cache}
	if !g.Holds(t.Context(), first) || !g.Holds(t.Context(), second) || g.Holds(t.Context(), firstOther) || g.Holds(t.Context(), "") {
		t.Error("the history does not hold what it should")
	}
	check(t, os.Rename(dir, dir+".gone"))
	if in, err := g.Read(t.Context()); err == nil || in.Origin.Identity != first+":." {
		t.Errorf("while the repository is away: %+v %v", in.Origin, err)
	}
}

// TestWhoCommittedWhat reads author and subject, which are shown on terminals, and runs no program that a repository names.
func TestWhoCommittedWhat(t *testing.T) {
	dir, commit := repository(t)
	commit(map[string]string{"e.yaml": "1"})
	gitIn(t, dir, "commit", "-q", "--allow-empty", "--author", "Ann \x1b[31mB <ann@example.org>", "-m", "More  nodes\x07 for llm\n\nauthor: not this one")
	pwned := filepath.Join(t.TempDir(), "pwned")
	for _, name := range []string{"gpg.program", "core.pager", "core.fsmonitor", "diff.external"} {
		gitIn(t, dir, "config", name, "touch "+pwned)
	}
	gitIn(t, dir, "config", "log.showSignature", "true")
	check := func(in Input, err error) {
		t.Helper()
		if err != nil || in.Origin.Author != "Ann [31mB" || in.Origin.Subject != "More nodes for llm" {
			t.Errorf("%+v %v", in.Origin, err)
		}
	}
	check(Git{Repo: dir, Ref: "main", Path: ".", Cache: t.TempDir()}.Read(t.Context()))
	check(Read(t.Context(), []string{dir + "/e.yaml"}, nil))
	write(t, filepath.Join(dir, "e.yaml"), "2")
	if in, err := Read(t.Context(), []string{dir + "/e.yaml"}, nil); err != nil || in.Origin.Author != "" || in.Origin.Subject != "" {
		t.Errorf("what differs from the commit is not its author's: %+v %v", in.Origin, err)
	}
	if _, err := os.Stat(pwned); err == nil {
		t.Error("a program was run")
	}
}
