package source

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"assay/drivers"
)

// commitOf fills in the git commit that all paths lie at, with -dirty appended when a manifest among them differs from it
// or is not in it. There is none outside of a work tree, and where git is not installed.
func commitOf(ctx context.Context, paths []string, o *drivers.Origin) {
	at, dirty := head{}, false
	for _, p := range paths {
		h, changed := commitOfPath(ctx, p)
		if h.commit == "" || at.commit != "" && at.commit != h.commit {
			return
		}
		at, dirty = h, dirty || changed
	}
	o.Commit, o.Author, o.Subject = at.commit, at.author, at.subject
	if dirty {
		o.Commit, o.Author, o.Subject = at.commit+"-dirty", "", ""
	}
}

// head is a commit.
type head struct{ commit, author, subject string }

func commitOfPath(ctx context.Context, path string) (h head, dirty bool) {
	path, err := filepath.EvalSymlinks(path) // the file behind a link is what was read
	if err != nil {
		return head{}, false
	}
	info, err := os.Stat(path)
	if err != nil {
		return head{}, false
	}
	dir := path
	if !info.IsDir() {
		dir = filepath.Dir(path)
	}
	h.commit, h.author, h.subject, err = commitAt(ctx, dir, "HEAD")
	if err != nil {
		return head{}, false
	}
	// Ignored files are listed too: one that is applied is not in the commit either.
	list, err := git(ctx, localTimeout, dir, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignored", "--", path)
	dirty = err != nil
	for entry := range bytes.SplitSeq(list, []byte{0}) {
		if len(entry) > 3 { // two letters, a space, the name
			dirty = dirty || !info.IsDir() || isManifest(string(entry[3:]))
		}
	}
	return h, dirty
}

// commitAt reads the commit that a name stands for. It is read as stored: git log can run programs that a repository names.
func commitAt(ctx context.Context, dir, name string) (commit, author, subject string, err error) {
	commit, err = resolve(ctx, dir, name+"^{commit}")
	if err != nil {
		return "", "", "", err
	}
	text, err := git(ctx, localTimeout, dir, "cat-file", "commit", commit)
	if err != nil {
		return "", "", "", err
	}
	author, subject = parseCommit(string(text))
	return commit, author, subject, nil
}

// parseCommit finds the author's name and the first line of the message.
func parseCommit(text string) (author, subject string) {
	header, message, _ := strings.Cut(text, "\n\n")
	for line := range strings.Lines(header) {
		if name, ok := strings.CutPrefix(line, "author "); ok {
			name, _, _ = strings.Cut(name, " <")
			author = printable(name)
		}
	}
	subject, _, _ = strings.Cut(strings.TrimLeft(message, "\n"), "\n")
	return author, printable(subject)
}

// printable makes one line of text that another person wrote: it is printed on terminals, which obey control characters.
func printable(s string) string {
	const limit = 200 // letters
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "…"
	}
	return s
}
