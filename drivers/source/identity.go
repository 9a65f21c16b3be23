package source

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	historyTimeout = 10 * time.Minute   // git fetching every commit of a repository, once
	firstCommit    = "refs/assay/first" // where a history keeps the first commit
	historySuffix  = ".history"         // next to the bare copy: commits only
)

// identity is "<hash of the first commit>:<path>", the same for every address of a repository. The first commit is the
// end of the first-parent line, so a merge of unrelated history does not change it. It is empty for a shallow repository.
//
// A history of its own holds the commits without their files, because the bare copy has the newest commit only.
func (g Git) identity(ctx context.Context, dir, repo, ref, hash string) (string, error) {
	history := dir + historySuffix
	if err := initBare(ctx, history); err != nil {
		return "", err
	}
	if here, _ := resolve(ctx, history, followed); here != hash {
		if err := fetchHistory(ctx, history, repo, ref); err != nil {
			return "", fmt.Errorf("finding the first commit: %w", err)
		}
	}
	return g.lastIdentity(ctx, dir), nil
}

// fetchHistory fetches the commits that a ref leads to and keeps the first one under its name.
func fetchHistory(ctx context.Context, history, repo, ref string) error {
	cut, err := shallow(ctx, history)
	if err != nil {
		return err
	}
	// git writes the name of a remote that it fetches a part of into its configuration; the address can hold a token.
	args := []string{"-c", "remote.source.url=" + repo, "fetch", "--quiet", "--force", "--no-tags", "--no-auto-gc", "--update-shallow", "--filter=tree:0", "--no-write-fetch-head"}
	if cut { // the repository can have got the rest of its history since
		args = append(args, "--unshallow")
	}
	if _, err := git(ctx, historyTimeout, history, append(args, "--end-of-options", "source", "+"+ref+":"+followed)...); err != nil {
		return err
	}
	if cut, err = shallow(ctx, history); err != nil {
		return err
	}
	if cut {
		_, err = git(ctx, localTimeout, history, "update-ref", "-d", firstCommit)
		return err
	}
	first, err := git(ctx, fetchTimeout, history, "rev-list", "--first-parent", "--max-parents=0", followed)
	if err == nil {
		_, err = git(ctx, localTimeout, history, "update-ref", firstCommit, strings.TrimSpace(string(first)))
	}
	return err
}

// shallow reports whether a repository lacks its older commits.
func shallow(ctx context.Context, dir string) (bool, error) {
	out, err := git(ctx, localTimeout, dir, "rev-parse", "--is-shallow-repository")
	return strings.TrimSpace(string(out)) == "true", err
}

// lastIdentity is the identity as it was last found; empty when it never was.
func (g Git) lastIdentity(ctx context.Context, dir string) string {
	first, err := resolve(ctx, dir+historySuffix, firstCommit)
	if err != nil || first == "" {
		return ""
	}
	return first + ":" + path.Clean(g.Path)
}

// Holds reports whether a commit is in the history of what Ref pointed to when it was last read.
func (g Git) Holds(ctx context.Context, commit string) bool {
	dir, _, err := g.copyDir()
	if err != nil || commit == "" {
		return false
	}
	all, err := git(ctx, fetchTimeout, dir+historySuffix, "rev-list", followed)
	return err == nil && slices.Contains(strings.Fields(string(all)), commit)
}

// resolve is the hash that a name stands for; empty when it does not exist.
func resolve(ctx context.Context, dir, name string) (string, error) {
	out, err := git(ctx, localTimeout, dir, "rev-parse", "--verify", "--quiet", name)
	return strings.TrimSpace(string(out)), err
}
