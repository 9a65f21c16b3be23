package source

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"assay/drivers/safefile"
)

const (
	published    = "refs/assay/published" // where a copy keeps the branch that is written
	publishTries = 5                      // others can push at the same time
	publishPause = 500 * time.Millisecond
	regularFile  = "100644"
)

// ErrRejected means that a repository took no push although nobody else had pushed.
var ErrRejected = errors.New("the repository rejects the push")

// Branch is what a branch holds at one moment: the content of a file, and whether it is there.
type Branch func(name string) (content []byte, there bool)

// Publish commits files to a branch of the repository and pushes it, on top of what is there: never forced, and tried again on
// the newer branch when somebody else was faster. Make says which files are to be, by what the branch holds now; those that are
// the same are left alone, and nothing is committed where all are. The branch begins without a parent. It returns the commit,
// or nothing where none was needed.
func (g Git) Publish(ctx context.Context, branch, message string, create func(Branch) (map[string][]byte, error)) (commit string, err error) {
	g.Ref, g.Path = branch, "."
	if err := g.check(); err != nil {
		return "", err
	}
	c, repo, err := g.copy()
	if err != nil {
		return "", err
	}
	if err := c.init(ctx, 0); err != nil {
		return "", err
	}
	for try := 1; ; try++ {
		parent, err := g.published(ctx, c, repo)
		if err == nil {
			commit, err = c.commitFiles(ctx, parent, message, create)
		}
		if err != nil || commit == "" {
			return "", wrapPublish(branch, repo, err)
		}
		if err = c.push(ctx, repo, commit, branch); err == nil {
			return commit, nil
		}
		if now, unread := g.published(ctx, c, repo); unread != nil || now == parent || try == publishTries {
			return "", wrapPublish(branch, repo, fmt.Errorf("%w: %w", ErrRejected, err))
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Duration(try) * publishPause):
		}
	}
}

func wrapPublish(branch, repo string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("writing branch %s of %s: %w", branch, repo, err)
}

// published fetches the branch that is to be written and returns its commit; empty when there is none yet.
func (g Git) published(ctx context.Context, c gitCopy, repo string) (commit string, err error) {
	ref := "refs/heads/" + g.Ref
	list, err := c.git(ctx, fetchTimeout, "ls-remote", "--quiet", "--end-of-options", repo, ref)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(list)) {
		if hash, name, _ := strings.Cut(strings.TrimSpace(line), "\t"); name == ref {
			commit = hash
		}
	}
	if here, _ := c.resolve(ctx, published); commit != "" && here != commit {
		_, err = c.git(ctx, fetchTimeout, "fetch", "--quiet", "--force", "--no-tags", "--no-recurse-submodules", "--depth=1", "--no-write-fetch-head", "--end-of-options", repo, "+"+ref+":"+published)
	}
	return commit, err
}

// commitFiles makes a commit of what the branch is to hold; none when that is what it holds.
func (c gitCopy) commitFiles(ctx context.Context, parent, message string, create func(Branch) (map[string][]byte, error)) (string, error) {
	there := map[string]string{}
	if parent != "" {
		blobs, err := c.blobs(ctx, parent, ".")
		if err != nil {
			return "", err
		}
		for _, b := range blobs {
			there[b.name] = b.hash
		}
	}
	var unread error
	files, err := create(func(name string) ([]byte, bool) {
		hash, ok := there[name]
		if !ok || unread != nil {
			return nil, false
		}
		content, err := c.git(ctx, localTimeout, "cat-file", "blob", hash)
		unread = err
		return content, err == nil
	})
	if err = errors.Join(err, unread); err != nil {
		return "", err
	}
	var staged strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Clean(name) != name || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "..") || strings.ContainsAny(name, "\n\t") {
			return "", fmt.Errorf("%q is no name of a file", name)
		}
		hash, err := c.gitWith(ctx, localTimeout, strings.NewReader(string(files[name])), "hash-object", "-w", "--stdin", "--no-filters")
		if err != nil {
			return "", err
		}
		if id := strings.TrimSpace(string(hash)); there[name] != id {
			fmt.Fprintf(&staged, "%s %s\t%s\n", regularFile, id, name)
		}
	}
	if staged.Len() == 0 {
		return "", nil
	}
	return c.commitStaged(ctx, parent, message, staged.String())
}

// commitStaged makes a commit of a parent's files with some replaced.
func (c gitCopy) commitStaged(ctx context.Context, parent, message, staged string) (string, error) {
	dir, err := os.MkdirTemp(c.dir, "staged-")
	if err != nil {
		return "", err
	}
	defer safefile.RemoveAll(context.WithoutCancel(ctx), dir)
	c.index = dir + "/index"
	if parent != "" {
		if _, err := c.git(ctx, localTimeout, "read-tree", parent); err != nil {
			return "", err
		}
	} else if _, err := c.git(ctx, localTimeout, "read-tree", "--empty"); err != nil {
		return "", err
	}
	if _, err := c.gitWith(ctx, localTimeout, strings.NewReader(staged), "update-index", "--index-info"); err != nil {
		return "", err
	}
	tree, err := c.git(ctx, localTimeout, "write-tree")
	if err != nil {
		return "", err
	}
	args := append(c.author(ctx), "commit-tree", strings.TrimSpace(string(tree)))
	if parent != "" {
		args = append(args, "-p", parent)
	}
	commit, err := c.gitWith(ctx, localTimeout, strings.NewReader(message), args...)
	return strings.TrimSpace(string(commit)), err
}

// author is nobody in particular where the user has told git no name.
func (c gitCopy) author(ctx context.Context) (args []string) {
	for name, otherwise := range map[string]string{"user.name": "assay", "user.email": "assay@localhost"} {
		if set, err := c.git(ctx, localTimeout, "config", "--get", name); err != nil || len(strings.TrimSpace(string(set))) == 0 {
			args = append(args, "-c", name+"="+otherwise)
		}
	}
	return args
}

// push sends a commit to a branch, which has to contain what is there. A folder of this machine is served without the hooks that
// it names.
func (c gitCopy) push(ctx context.Context, repo, commit, branch string) error {
	args := []string{"push", "--quiet", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"}
	if local := strings.TrimPrefix(repo, "file://"); path.IsAbs(local) {
		args = append(args, "--receive-pack=git -c core.hooksPath=/dev/null -c receive.autogc=false receive-pack")
	}
	_, err := c.git(ctx, fetchTimeout, append(args, "--end-of-options", repo, commit+":refs/heads/"+branch)...)
	return err
}
