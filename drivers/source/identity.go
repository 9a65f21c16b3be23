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
func (g Git) identity(ctx context.Context, c gitCopy, repo, ref, hash string) (string, error) {
	history := c.history()
	if err := history.init(ctx, len(hash)); err != nil {
		return "", err
	}
	if here, _ := history.resolve(ctx, followed); here != hash {
		if err := history.fetchHistory(ctx, repo, ref); err != nil {
			return "", fmt.Errorf("finding the first commit: %w", err)
		}
	}
	return g.lastIdentity(ctx, c), nil
}

// history is the copy that holds the commits.
func (c gitCopy) history() gitCopy { return gitCopy{dir: c.dir + historySuffix} }

// fetchHistory fetches the commits that a ref leads to and keeps the first one under its name.
func (c gitCopy) fetchHistory(ctx context.Context, repo, ref string) error {
	cut, err := c.shallow(ctx)
	if err != nil {
		return err
	}
	// git writes the name of a remote that it fetches a part of into its configuration; the address can hold a token.
	args := []string{"-c", "remote.source.url=" + repo, "fetch", "--quiet", "--force", "--no-tags", "--no-recurse-submodules", "--update-shallow", "--filter=tree:0", "--no-write-fetch-head"}
	if cut { // the repository can have got the rest of its history since
		args = append(args, "--unshallow")
	}
	if _, err := c.git(ctx, historyTimeout, append(args, "--end-of-options", "source", "+"+ref+":"+followed)...); err != nil {
		return err
	}
	if cut, err = c.shallow(ctx); err != nil {
		return err
	}
	if cut {
		_, err = c.git(ctx, localTimeout, "update-ref", "-d", firstCommit)
		return err
	}
	first, err := c.git(ctx, fetchTimeout, "rev-list", "--first-parent", "--max-parents=0", followed)
	if err == nil {
		_, err = c.git(ctx, localTimeout, "update-ref", firstCommit, strings.TrimSpace(string(first)))
	}
	return err
}

// shallow reports whether a repository lacks its older commits.
func (c gitCopy) shallow(ctx context.Context) (bool, error) {
	out, err := c.git(ctx, localTimeout, "rev-parse", "--is-shallow-repository")
	return strings.TrimSpace(string(out)) == "true", err
}

// lastIdentity is the identity as it was last found; empty when it never was.
func (g Git) lastIdentity(ctx context.Context, c gitCopy) string {
	first, err := c.history().resolve(ctx, firstCommit)
	if err != nil || first == "" {
		return ""
	}
	return first + ":" + path.Clean(g.Path)
}

// Holds reports whether a commit is in the history of what Ref pointed to when it was last read.
func (g Git) Holds(ctx context.Context, commit string) bool {
	c, _, err := g.copy()
	if err != nil || commit == "" {
		return false
	}
	all, err := c.history().git(ctx, fetchTimeout, "rev-list", followed)
	return err == nil && slices.Contains(strings.Fields(string(all)), commit)
}

// resolve is the hash that a name stands for; empty when it does not exist.
func (c gitCopy) resolve(ctx context.Context, name string) (string, error) {
	out, err := c.git(ctx, localTimeout, "rev-parse", "--verify", "--quiet", name)
	return strings.TrimSpace(string(out)), err
}
