package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// armed is a configuration in which every setting that names a program names one that leaves a canary behind.
func armed(canary string) string {
	run := "touch " + canary + "; false"
	return fmt.Sprintf(`[core]
	repositoryformatversion = 0
	bare = %%s
	%%s
	fsmonitor = %[1]q
	hooksPath = %[2]q
	sshCommand = %[1]q
	gitProxy = %[3]q
	pager = %[1]q
	editor = %[1]q
	askPass = %[3]q
	alternateRefsCommand = %[1]q
	attributesFile = %[4]q
[filter "f"]
	clean = %[1]q
	smudge = %[1]q
	process = %[1]q
	required = true
[diff]
	external = %[3]q
[diff "f"]
	command = %[1]q
	textconv = %[1]q
[merge "f"]
	driver = %[1]q
[credential]
	helper = "!%[1]s"
[gpg]
	program = %[3]q
[log]
	showSignature = true
[uploadpack]
	packObjectsHook = %[1]q
[remote "origin"]
	url = ssh://localhost/none
	promisor = true
	partialCloneFilter = blob:none
	uploadpack = %[1]q
[extensions]
	partialClone = origin
[alias]
	status = "!%[1]s"
	ls-tree = "!%[1]s"
	cat-file = "!%[1]s"
	rev-parse = "!%[1]s"
[submodule "s"]
	update = "!%[1]s"
`, run, filepath.Join(filepath.Dir(canary), "hooks"), filepath.Join(filepath.Dir(canary), "program"), filepath.Join(filepath.Dir(canary), "attributes"))
}

// arm gives a git folder the armed configuration, attributes and hooks. It returns the canary, which must never appear.
func arm(t *testing.T, gitDir string, bare bool, core string) (canary string) {
	t.Helper()
	dir := t.TempDir()
	canary = filepath.Join(dir, "canary")
	write(t, filepath.Join(gitDir, "config"), fmt.Sprintf(armed(canary), fmt.Sprint(bare), core))
	write(t, filepath.Join(gitDir, "info", "attributes"), "* filter=f diff=f merge=f ident\n")
	write(t, filepath.Join(dir, "attributes"), "* filter=f diff=f merge=f ident\n")
	for _, name := range []string{"program", "hooks/post-index-change", "hooks/fsmonitor-watchman", "hooks/reference-transaction", "hooks/pre-auto-gc"} {
		write(t, filepath.Join(dir, name), "#!/bin/sh\ntouch "+canary+"\n")
		check(t, os.Chmod(filepath.Join(dir, name), 0o700))
	}
	return canary
}

func quiet(t *testing.T, canary, what string) {
	t.Helper()
	if _, err := os.Stat(canary); err == nil {
		t.Errorf("%s: a program that the repository names was run", what)
		check(t, os.Remove(canary))
	}
}

// TestNothingThatARepositoryNamesRuns reads manifests in repositories whose configuration names programs wherever git takes
// one: in the repository itself, in a bare one that was put beside the manifest, and one whose commits are missing.
func TestNothingThatARepositoryNamesRuns(t *testing.T) {
	for name, plant := range map[string]func(dir string) string{
		"its own configuration": func(dir string) string { return arm(t, dir+"/.git", false, "") },
		"a bare one beside it": func(dir string) string {
			check(t, os.MkdirAll(dir+"/sub", 0o700))
			check(t, os.Rename(dir+"/.git", dir+"/sub/theirs"))
			for _, part := range []string{"HEAD", "objects", "refs", "index"} {
				check(t, os.Rename(dir+"/sub/theirs/"+part, dir+"/sub/"+part))
			}
			return arm(t, dir+"/sub", false, "worktree = .")
		},
		"without its objects": func(dir string) string {
			check(t, os.RemoveAll(dir+"/.git/objects"))
			check(t, os.Mkdir(dir+"/.git/objects", 0o700))
			return arm(t, dir+"/.git", false, "")
		},
		"behind a file": func(dir string) string {
			check(t, os.Rename(dir+"/.git", dir+"/elsewhere"))
			write(t, dir+"/.git", "gitdir: elsewhere\n")
			return arm(t, dir+"/elsewhere", false, "")
		},
	} {
		dir, commit := repository(t)
		commit(map[string]string{"sub/e.yaml": "e", ".gitattributes": "* filter=f diff=f\n", "sub/.gitattributes": "* filter=f diff=f\n"})
		canary := plant(dir)
		for _, text := range []string{"e", "edited"} { // the second time it differs from the commit
			write(t, dir+"/sub/e.yaml", text)
			for _, path := range []string{dir, dir + "/sub", dir + "/sub/e.yaml"} {
				if in, err := Read(t.Context(), []string{path}, nil); err != nil || len(in.Files) == 0 || string(in.Files[0].Data) != text {
					t.Errorf("%s: %s: %+v %v", name, path, in, err)
				}
				quiet(t, canary, name+": "+strings.TrimPrefix(path, dir))
			}
		}
		g := Git{Repo: dir, Ref: "main", Path: ".", Cache: t.TempDir()}
		_, _ = g.Read(t.Context()) // it fails where there is nothing to read
		_, _ = g.Read(t.Context())
		quiet(t, canary, name+": followed")
	}
}

// TestReadEndsWhenItIsTold: standard input that stays silent and a file system that does not answer hold nobody up.
func TestReadEndsWhenItIsTold(t *testing.T) {
	silent, closeIt := io.Pipe()
	defer closeIt.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := Read(ctx, []string{"-"}, silent)
		ended <- err
	}()
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it is still reading")
	}
}

// TestWorkTreesOfAllKinds are found and read as git itself does.
func TestWorkTreesOfAllKinds(t *testing.T) {
	for name, make := range map[string]func(dir string, commit func(map[string]string) string) string{
		"packed references": func(dir string, _ func(map[string]string) string) string {
			gitIn(t, dir, "pack-refs", "--all")
			gitIn(t, dir, "gc", "-q")
			return dir
		},
		"a detached head": func(dir string, _ func(map[string]string) string) string {
			gitIn(t, dir, "checkout", "-q", "--detach")
			return dir
		},
		"a linked work tree": func(dir string, _ func(map[string]string) string) string {
			linked := filepath.Join(t.TempDir(), "linked")
			gitIn(t, dir, "worktree", "add", "-q", linked)
			return linked
		},
		`a colon and a " in its path`: func(dir string, _ func(map[string]string) string) string {
			odd := filepath.Join(t.TempDir(), `a:"b\`)
			check(t, os.Rename(dir, odd))
			return odd
		},
		"SHA-256": func(string, func(map[string]string) string) string {
			dir := t.TempDir()
			gitIn(t, dir, "init", "-q", "-b", "main", "--object-format=sha256")
			write(t, dir+"/sub/e.yaml", "e")
			gitIn(t, dir, "add", ".")
			gitIn(t, dir, "commit", "-q", "-m", "first")
			return dir
		},
		"a shallow clone": func(dir string, commit func(map[string]string) string) string {
			commit(map[string]string{"f": "f"})
			to := filepath.Join(t.TempDir(), "shallow")
			gitIn(t, dir, "clone", "-q", "--depth=1", "file://"+dir, to)
			return to
		},
		"objects of another one": func(dir string, _ func(map[string]string) string) string {
			to := filepath.Join(t.TempDir(), "shared")
			gitIn(t, dir, "clone", "-q", "--shared", dir, to)
			return to
		},
	} {
		dir, commit := repository(t)
		commit(map[string]string{"sub/e.yaml": "e"})
		dir = make(dir, commit)
		want := gitIn(t, dir, "rev-parse", "HEAD")
		for _, path := range []string{dir, dir + "/sub", dir + "/sub/e.yaml"} {
			if in, err := Read(t.Context(), []string{path}, nil); err != nil || in.Origin.Commit != want || in.Origin.Author != "t" {
				t.Errorf("%s: %s: %+v %v, want %s", name, path, in.Origin, err, want)
			}
		}
		check(t, os.Remove(dir+"/sub/e.yaml"))
		write(t, dir+"/sub/f.yaml", "e")
		if in, err := Read(t.Context(), []string{dir}, nil); err != nil || in.Origin.Commit != want+"-dirty" {
			t.Errorf("%s: renamed: %+v %v", name, in.Origin, err)
		}
	}
}

// TestAHostileRepositoryIsNoBurden: what is behind .git is no repository, or one that is made to cost memory. The manifest is
// read all the same, without a commit.
func TestAHostileRepositoryIsNoBurden(t *testing.T) {
	for name, spoil := range map[string]func(dir string){
		"a FIFO":            func(dir string) { check(t, syscall.Mkfifo(dir+"/.git", 0o600)) },
		"a FIFO for a head": func(dir string) { check(t, os.Mkdir(dir+"/.git", 0o700), syscall.Mkfifo(dir+"/.git/HEAD", 0o600)) },
		"a long word":       func(dir string) { write(t, dir+"/.git", strings.Repeat("gitdir: ", 1<<20)) },
		"a head elsewhere":  func(dir string) { write(t, dir+"/.git/HEAD", "ref: refs/../../../etc/passwd\n") },
		"a circle": func(dir string) {
			write(t, dir+"/.git/HEAD", "ref: refs/a\n")
			write(t, dir+"/.git/refs/a", "ref: refs/a\n")
		},
		"a huge commit": func(dir string) {
			gitIn(t, dir, "init", "-q", "-b", "main")
			file := filepath.Join(t.TempDir(), "message")
			write(t, file, strings.Repeat("x", 2*maxPrinted))
			gitIn(t, dir, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", file)
		},
	} {
		dir := t.TempDir()
		spoil(dir)
		write(t, dir+"/e.yaml", "e")
		if in, err := Read(t.Context(), []string{dir}, nil); err != nil || len(in.Files) != 1 || in.Origin.Commit != "" {
			t.Errorf("%s: %+v %v", name, in.Origin, err)
		}
	}
}
