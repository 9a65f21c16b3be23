package source

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
)

// commitOf is the git commit that all paths lie at, with -dirty appended when a manifest among them differs from it or is
// not in it. It is empty outside of a work tree, and where git is not installed.
func commitOf(ctx context.Context, paths []string) string {
	commit, dirty := "", false
	for _, p := range paths {
		head, changed := commitOfPath(ctx, p)
		if head == "" || commit != "" && commit != head {
			return ""
		}
		commit, dirty = head, dirty || changed
	}
	if dirty {
		commit += "-dirty"
	}
	return commit
}

func commitOfPath(ctx context.Context, path string) (commit string, dirty bool) {
	path, err := filepath.EvalSymlinks(path) // the file behind a link is what was read
	if err != nil {
		return "", false
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	dir := path
	if !info.IsDir() {
		dir = filepath.Dir(path)
	}
	head, err := git(ctx, localTimeout, dir, "rev-parse", "--verify", "HEAD^{commit}")
	if err != nil {
		return "", false
	}
	// Ignored files are listed too: one that is applied is not in the commit either.
	list, err := git(ctx, localTimeout, dir, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignored", "--", path)
	dirty = err != nil
	for entry := range bytes.SplitSeq(list, []byte{0}) {
		if len(entry) > 3 { // two letters, a space, the name
			dirty = dirty || !info.IsDir() || isManifest(string(entry[3:]))
		}
	}
	return strings.TrimSpace(string(head)), dirty
}
