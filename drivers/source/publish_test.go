package source

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bare makes a bare repository with one commit on main, whose hooks would leave a file behind.
func bare(t *testing.T) (dir, hooked string) {
	t.Helper()
	work, commit := repository(t)
	commit(map[string]string{"e.yaml": "e"})
	dir, hooked = filepath.Join(t.TempDir(), "bare.git"), filepath.Join(t.TempDir(), "hooked")
	gitIn(t, work, "clone", "-q", "--bare", work, dir)
	for _, hook := range []string{"pre-receive", "update", "post-receive"} {
		write(t, filepath.Join(dir, "hooks", hook), "#!/bin/sh\ntouch "+hooked+"\n")
		check(t, os.Chmod(filepath.Join(dir, "hooks", hook), 0o700))
	}
	return dir, hooked
}

// fixed are files that do not depend on what the branch holds.
func fixed(files map[string]string) func(Branch) (map[string][]byte, error) {
	return func(Branch) (map[string][]byte, error) {
		out := map[string][]byte{}
		for name, text := range files {
			out[name] = []byte(text)
		}
		return out, nil
	}
}

// TestPublish: files are added to a branch without a common history, in folders too; what is the same makes no commit; what is
// not named stays; the branch that is followed is not touched, and no hook of the folder runs.
func TestPublish(t *testing.T) {
	dir, hooked := bare(t)
	main := gitIn(t, dir, "rev-parse", "main")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	g := Git{Repo: dir, Ref: "main", Path: "exp", Cache: t.TempDir()}
	publish := func(files map[string]string) string {
		t.Helper()
		commit, err := g.Publish(t.Context(), "results", "Results of rag\n", fixed(files))
		check(t, err)
		return commit
	}
	first := publish(map[string]string{"INDEX.md": "one\n", "rag/1.json": "{}"})
	if got := gitIn(t, dir, "rev-parse", "results"); got != first || gitIn(t, dir, "log", "-1", "--format=%an %ae %s", "results") != "assay assay@localhost Results of rag" {
		t.Errorf("results is %s, published was %s", got, first)
	}
	if again := publish(map[string]string{"INDEX.md": "one\n"}); again != "" {
		t.Errorf("the same again made commit %s", again)
	}
	write(t, filepath.Join(os.Getenv("HOME"), ".gitconfig"), "[user]\n\tname = Ann\n\temail = ann@example.org\n")
	publish(map[string]string{"INDEX.md": "two\n"})
	if got := gitIn(t, dir, "ls-tree", "-r", "--name-only", "results"); got != "INDEX.md\nrag/1.json" {
		t.Errorf("the branch holds %q", got)
	}
	if got := gitIn(t, dir, "log", "--format=%an", "results"); got != "Ann\nassay" {
		t.Errorf("its authors are %q", got)
	}
	if got := gitIn(t, dir, "rev-parse", "main"); got != main {
		t.Errorf("main became %s", got)
	}
	if _, err := os.Stat(hooked); err == nil {
		t.Error("a hook of the repository ran")
	}
	if left, _ := filepath.Glob(filepath.Join(g.Cache, "*", "staged-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := g.Publish(t.Context(), "results", "m", fixed(map[string]string{"../x": ""})); err == nil {
		t.Error("a name that leads outside was taken")
	}
}

// TestPublishWhenOthersDo: a push that somebody else was faster than is made anew on theirs, and nothing of theirs is lost.
func TestPublishWhenOthersDo(t *testing.T) {
	dir, _ := bare(t)
	one := Git{Repo: dir, Ref: "main", Path: ".", Cache: t.TempDir()}
	two := Git{Repo: "file://" + dir, Ref: "main", Path: ".", Cache: t.TempDir()}
	_, err := one.Publish(t.Context(), "results", "begin", fixed(map[string]string{"INDEX.md": "a\n"}))
	check(t, err)
	raced := 0
	_, err = one.Publish(t.Context(), "results", "mine", func(b Branch) (map[string][]byte, error) {
		if raced++; raced == 1 {
			_, err := two.Publish(t.Context(), "results", "theirs", fixed(map[string]string{"INDEX.md": "a\nb\n", "theirs": "x"}))
			check(t, err)
		}
		index, there := b("INDEX.md")
		if !there {
			t.Error("the index is not there")
		}
		return map[string][]byte{"INDEX.md": append(index, "c\n"...)}, nil
	})
	check(t, err)
	if got := gitIn(t, dir, "show", "results:INDEX.md"); got != "a\nb\nc" || raced != 2 || gitIn(t, dir, "show", "results:theirs") != "x" {
		t.Errorf("after %d tries the index is %q", raced, got)
	}
}

// TestPublishRejected: what a repository does not take is said, and not tried again and again.
func TestPublishRejected(t *testing.T) {
	dir, commit := repository(t)
	commit(map[string]string{"e.yaml": "e"})
	gitIn(t, dir, "checkout", "-qb", "results")
	tries := 0
	_, err := Git{Repo: dir, Ref: "main", Path: ".", Cache: t.TempDir()}.Publish(t.Context(), "results", "m", func(Branch) (map[string][]byte, error) {
		tries++
		return map[string][]byte{"x": nil}, nil
	})
	if !errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "writing branch results of "+dir) || tries != 1 {
		t.Errorf("%d tries, then %v", tries, err)
	}
	if _, err := (Git{Repo: dir, Ref: "main", Path: ".", Cache: t.TempDir()}).Publish(t.Context(), "-f", "m", fixed(nil)); err == nil {
		t.Error("an option was taken for a branch")
	}
}

// TestPullRequests are followed by the names that forges give them, and by no other name below refs.
func TestPullRequests(t *testing.T) {
	dir, commit := repository(t)
	commit(map[string]string{"e.yaml": "base"})
	proposed := commit(map[string]string{"e.yaml": "proposed"})
	for _, ref := range []string{"refs/pull/7/head", "refs/merge-requests/7/head", "refs/secret/7/head"} {
		gitIn(t, dir, "update-ref", ref, proposed)
	}
	for ref, want := range map[string]string{"pull/7/head": "proposed", "merge-requests/7/head": "proposed", "secret/7/head": "", "pull/8/head": ""} {
		in, err := Git{Repo: dir, Ref: ref, Path: ".", Cache: t.TempDir()}.Read(t.Context())
		if (want == "") != (err != nil) || want != contents(in)["e.yaml"] {
			t.Errorf("%s: %+v, %v", ref, in.Origin, err)
		}
	}
}
