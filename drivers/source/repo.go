package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
)

// Git is a branch or tag of a repository. It is read without a work tree.
type Git struct {
	Repo  string // URL or folder
	Ref   string // branch or tag, or how a forge names a pull request: pull/7/head, merge-requests/7/head
	Path  string // file or folder in it; "." is everything
	Cache string // folder for bare copies
}

// Read fetches what Ref now points to and reads the manifests there. When the commit is known but its files cannot be
// read, the Input returned with the error still says which commit that was.
func (g Git) Read(ctx context.Context) (Input, error) {
	in := Input{Origin: Here("sync"), FromGit: true}
	if err := g.check(); err != nil {
		return in, err // without the repository: its URL can hold a password
	}
	c, repo, err := g.copy()
	if err != nil {
		return in, err
	}
	in.Origin.Path, in.Origin.Ref = repo+"#"+path.Clean(g.Path), g.Ref
	in.Origin.Identity, err = g.fetch(ctx, c, repo)
	if err == nil {
		in.Origin.Commit, in.Origin.Author, in.Origin.Subject, err = c.commitAt(ctx, followed)
	}
	if err != nil {
		return in, fmt.Errorf("following %s of %s: %w", g.Ref, repo, err)
	}
	in.Files, err = g.files(ctx, c, in.Origin.Commit)
	if err != nil {
		return in, fmt.Errorf("reading %s of %s at commit %.10s: %w", g.Path, repo, in.Origin.Commit, err)
	}
	return in, nil
}

// Follow calls changed with what Ref points to, at start and whenever its commit is another one, until ctx ends. It asks
// the repository every so often, at most once a second. The same failure is delivered once.
func (g Git) Follow(ctx context.Context, every time.Duration, changed func(Input, error)) error {
	last := ""
	tick := time.NewTicker(max(every, time.Second))
	defer tick.Stop()
	for {
		in, err := g.Read(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if now := fmt.Sprint(in.Origin.Commit, err); now != last {
			last = now
			changed(in, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// followed is where a bare copy keeps what Ref pointed to.
const followed = "refs/assay/followed"

// copy is the bare copy, and the repository: absolute when it is a folder, so that every way to write its path means the same.
func (g Git) copy() (c gitCopy, repo string, err error) {
	repo = g.Repo
	if info, err := os.Stat(repo); err == nil && info.IsDir() {
		if repo, err = filepath.Abs(repo); err != nil {
			return c, "", err
		}
	}
	sum := sha256.Sum256([]byte(repo + "\x00" + g.Ref))
	return gitCopy{dir: filepath.Join(g.Cache, hex.EncodeToString(sum[:8]))}, repo, nil
}

// fetch brings the bare copy up to date and returns the identity of the repository, the last known one when it fails. When
// the ref has not changed, nothing is transferred.
func (g Git) fetch(ctx context.Context, c gitCopy, repo string) (identity string, err error) {
	identity = g.lastIdentity(ctx, c)
	if err := c.init(ctx, 0); err != nil {
		return identity, err
	}
	hash, ref, err := g.remote(ctx, c, repo)
	if err != nil {
		return identity, err
	}
	if here, _ := c.resolve(ctx, followed); here != hash {
		_, err = c.git(ctx, fetchTimeout, "fetch", "--quiet", "--force", "--no-tags", "--no-recurse-submodules", "--depth=1", "--no-write-fetch-head", "--end-of-options", repo, "+"+ref+":"+followed)
		if err != nil {
			return identity, err
		}
	}
	now, err := g.identity(ctx, c, repo, ref, hash)
	if err != nil {
		return identity, err
	}
	return now, nil
}

// request is how GitHub, Gitea and GitLab name what a pull request holds.
var request = regexp.MustCompile(`^(pull|merge-requests)/[0-9]+/(head|merge)$`)

// remote asks the repository what Ref points to. A branch takes precedence over a tag of the same name.
func (g Git) remote(ctx context.Context, c gitCopy, repo string) (hash, ref string, err error) {
	names := []string{"refs/heads/" + g.Ref, "refs/tags/" + g.Ref}
	if request.MatchString(g.Ref) {
		names = append(names, "refs/"+g.Ref)
	}
	list, err := c.git(ctx, fetchTimeout, append([]string{"ls-remote", "--quiet", "--end-of-options", repo}, names...)...)
	if err != nil {
		return "", "", err
	}
	for line := range strings.Lines(string(list)) { // in the order of their names: heads come first
		hash, ref, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if slices.Contains(names, ref) {
			return hash, ref, nil
		}
	}
	return "", "", fmt.Errorf("it has no branch or tag %q; what there is: git ls-remote %s", g.Ref, g.Repo)
}

// blob is one line of git ls-tree --long.
type blob struct {
	mode, kind, hash, name string
	size                   int64
}

// files reads every manifest at Path, or below it, at a commit.
func (g Git) files(ctx context.Context, c gitCopy, commit string) ([]v1alpha1.File, error) {
	at := path.Clean(g.Path)
	blobs, err := c.blobs(ctx, commit, at)
	if err != nil {
		return nil, err
	}
	var wanted []blob
	var all budget
	for _, b := range blobs {
		if b.name != at && !visible(strings.TrimPrefix(b.name, at+"/")) {
			continue
		}
		if err := errors.Join(b.check(), all.add(b.size)); err != nil {
			return nil, err
		}
		wanted = append(wanted, b)
	}
	if len(wanted) == 0 {
		return nil, errNoManifest
	}
	return c.read(ctx, wanted)
}

// blobs lists every file at a path, or below it, at a commit.
func (c gitCopy) blobs(ctx context.Context, commit, at string) (out []blob, err error) {
	args := []string{"ls-tree", "-r", "-z", "--long", "--full-tree", commit}
	if at != "." {
		args = append(args, "--", at)
	}
	list, err := c.git(ctx, localTimeout, args...)
	for line := range bytes.SplitSeq(bytes.TrimSuffix(list, []byte{0}), []byte{0}) {
		if b, ok := parseBlob(string(line)); ok {
			out = append(out, b)
		}
	}
	return out, err
}

// parseBlob reads "<mode> <type> <hash> <size>\t<name>".
func parseBlob(line string) (blob, bool) {
	facts, name, ok := strings.Cut(line, "\t")
	f := strings.Fields(facts)
	if !ok || len(f) != 4 {
		return blob{}, false
	}
	size, _ := strconv.ParseInt(f[3], 10, 64) // "-" for what is not a file; read refuses it by its type
	return blob{f[0], f[1], f[2], name, size}, true
}

// visible reports whether a name is a manifest with no hidden folder on the way.
func visible(name string) bool {
	return isManifest(name) && !strings.HasPrefix(name, ".") && !strings.Contains(name, "/.")
}

// check refuses what is no file, and what is too large for a manifest.
func (b blob) check() error {
	switch {
	case b.kind != "blob" || b.mode == "120000":
		return fmt.Errorf("%s is a link or a submodule, and neither is followed: put the file itself there", b.name)
	case b.size > v1alpha1.MaxFile:
		return fmt.Errorf("%s has more than %d MiB, which is too much for a manifest", b.name, v1alpha1.MaxFile>>20)
	}
	return nil
}

// read reads files in one call, as they are stored.
func (c gitCopy) read(ctx context.Context, blobs []blob) (files []v1alpha1.File, err error) {
	var asked strings.Builder
	for _, b := range blobs {
		asked.WriteString(b.hash + "\n")
	}
	rest, err := c.gitWith(ctx, localTimeout, strings.NewReader(asked.String()), "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	for _, b := range blobs { // each answer is "<hash> blob <size>\n<content>\n"
		after, ok := bytes.CutPrefix(rest, fmt.Appendf(nil, "%s blob %d\n", b.hash, b.size))
		if !ok || int64(len(after)) <= b.size {
			return nil, fmt.Errorf("reading %s: git answered something else", b.name)
		}
		files = append(files, v1alpha1.File{Name: b.name, Data: after[:b.size:b.size]})
		rest = after[b.size+1:]
	}
	return files, nil
}
