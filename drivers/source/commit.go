package source

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/safefile"
)

// commitOf fills in the git commit that all paths lie at, with -dirty appended when what was read of them differs from it or
// is not in it. There is none outside of a work tree, and where git is not installed.
func commitOf(ctx context.Context, paths []string, files []v1alpha1.File, o *drivers.Origin) {
	at, dirty := head{}, false
	for _, p := range paths {
		h, changed, err := commitOfPath(ctx, p, files)
		if err != nil || at.commit != "" && at.commit != h.commit {
			return
		}
		at, dirty = h, dirty || changed
	}
	o.Commit, o.Author, o.Subject = at.commit, at.author, at.subject
	if dirty {
		o.Commit, o.Author, o.Subject = at.commit+"-dirty", "", ""
	}
}

const sha256Letters = 2 * sha256.Size // of a hash; SHA-1 has 40

// head is a commit.
type head struct{ commit, author, subject string }

// commitOfPath is the commit that an absolute path lies at, and whether the files that were read there are not its own.
func commitOfPath(ctx context.Context, path string, files []v1alpha1.File) (h head, dirty bool, err error) {
	real, err := filepath.EvalSymlinks(path) // the file behind a link is what was read
	if err != nil {
		return head{}, false, err
	}
	info, err := os.Stat(real)
	if err != nil {
		return head{}, false, err
	}
	dir := real
	if !info.IsDir() {
		dir = filepath.Dir(real)
	}
	w, err := findWorkTree(dir)
	if err != nil {
		return head{}, false, err
	}
	c, err := w.borrow(ctx)
	if err != nil {
		return head{}, false, err
	}
	defer safefile.RemoveAll(context.WithoutCancel(ctx), c.dir)
	h.commit, h.author, h.subject, err = c.commitAt(ctx, w.head)
	if err != nil {
		return head{}, false, err
	}
	at, err := filepath.Rel(w.top, real)
	if err != nil {
		return head{}, false, err
	}
	blobs, err := c.blobs(ctx, h.commit, filepath.ToSlash(at))
	return h, err != nil || !same(blobs, at, path, files), nil
}

// borrow makes an empty repository of our own that has the objects of a work tree: nothing of the other one is read but
// its objects, and they are data.
func (w workTree) borrow(ctx context.Context) (gitCopy, error) {
	dir, err := os.MkdirTemp("", "assay-git-")
	if err != nil {
		return gitCopy{}, err
	}
	c := gitCopy{dir: dir, objects: w.objects}
	if err := c.init(ctx, len(w.head)); err != nil {
		return c, errors.Join(err, safefile.RemoveAll(context.WithoutCancel(ctx), dir))
	}
	return c, nil
}

// same reports whether the files that were read at path are the manifests that a commit has at a place: their bytes, as git
// names them without filters, and no more and no fewer of them.
func same(blobs []blob, at, path string, files []v1alpha1.File) bool {
	left := map[string]string{}
	for _, b := range blobs {
		if b.name == at || visible(strings.TrimPrefix(b.name, at+"/")) {
			left[b.name] = b.hash
		}
	}
	for _, f := range files {
		name, err := filepath.Abs(f.Name)
		if err != nil {
			return false
		}
		if name, err = filepath.Rel(path, name); err != nil || !filepath.IsLocal(name) {
			continue // of another path
		}
		name = filepath.ToSlash(filepath.Join(at, name))
		if left[name] != blobHash(f.Data, len(left[name])) {
			return false
		}
		delete(left, name)
	}
	return len(left) == 0
}

// blobHash is git's name of a content, in so many letters: 40 of SHA-1, or 64 of SHA-256.
func blobHash(data []byte, letters int) string {
	var h hash.Hash = sha1.New() // it compares; it protects nothing
	if letters == sha256Letters {
		h = sha256.New()
	}
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// commitAt reads the commit that a name stands for. It is read as stored: git log can run programs that a configuration names.
func (c gitCopy) commitAt(ctx context.Context, name string) (commit, author, subject string, err error) {
	commit, err = c.resolve(ctx, name+"^{commit}")
	if err != nil {
		return "", "", "", err
	}
	text, err := c.git(ctx, localTimeout, "cat-file", "commit", commit)
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
