package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
)

// Git is a branch or tag of a repository. It is read without a work tree.
type Git struct {
	Repo  string // URL or folder
	Ref   string // branch or tag
	Path  string // file or folder in it; "." is everything
	Cache string // folder for bare copies
}

// Read fetches what Ref now points to and reads the manifests there. When the commit is known but its files cannot be
// read, the Input returned with the error still says which commit that was.
func (g Git) Read(ctx context.Context) (Input, error) {
	in := Input{Origin: Here("sync")}
	if err := g.check(); err != nil {
		return in, err // without the repository: its URL can hold a password
	}
	dir, repo, err := g.copyDir()
	if err != nil {
		return in, err
	}
	name := withoutUser(repo)
	in.Origin.Path, in.Origin.Ref = name+"#"+path.Clean(g.Path), g.Ref
	in.Origin.Identity, err = g.fetch(ctx, dir, repo)
	if err == nil {
		in.Origin.Commit, in.Origin.Author, in.Origin.Subject, err = commitAt(ctx, dir, followed)
	}
	if err != nil {
		return in, fmt.Errorf("following %s of %s: %w", g.Ref, name, err)
	}
	in.Files, err = g.files(ctx, dir, in.Origin.Commit)
	if err != nil {
		return in, fmt.Errorf("reading %s of %s at commit %.10s: %w", g.Path, name, in.Origin.Commit, err)
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

// withoutUser is a repository as it is shown: the user of an http address can be a token.
func withoutUser(repo string) string {
	u, err := url.Parse(repo)
	if err != nil || u.User == nil || u.Scheme != "http" && u.Scheme != "https" {
		return repo
	}
	u.User = nil
	return u.String()
}

// helperURL is how git names a program that does the transport: "ext::sh -c …".
var helperURL = regexp.MustCompile(`^[A-Za-z0-9_+.-]*::`)

// check refuses what git would take for an option, for a command to run, or for another kind of name.
func (g Git) check() error {
	u, err := url.Parse(g.Repo)
	switch {
	case g.Repo == "" || strings.HasPrefix(g.Repo, "-"):
		return fmt.Errorf("--repo %q is not a repository: give a URL or a folder", g.Repo)
	case helperURL.MatchString(g.Repo):
		return fmt.Errorf("--repo %q would run a program: give a URL or a folder", g.Repo)
	case err == nil && u.User != nil && u.Redacted() != u.String():
		return fmt.Errorf("--repo %s holds a password, which others on this machine could read: keep it in git's credential store (git help credentials)", u.Redacted())
	case g.Ref == "" || strings.HasPrefix(g.Ref, "-") || strings.ContainsAny(g.Ref, " ~^:?*[\\\x00\n") || strings.Contains(g.Ref, "..") || strings.Contains(g.Ref, "@{"):
		return fmt.Errorf("--ref %q is not the name of a branch or tag", g.Ref)
	case strings.HasPrefix(g.Path, "-") || !fs.ValidPath(path.Clean(g.Path)):
		return fmt.Errorf("--path %q is not a path inside of a repository", g.Path)
	}
	return nil
}

// followed is where a bare copy keeps what Ref pointed to.
const followed = "refs/assay/followed"

// copyDir is the folder of the bare copy, and the repository: absolute when it is a folder, so that every way to write its
// path means the same.
func (g Git) copyDir() (dir, repo string, err error) {
	repo = g.Repo
	if info, err := os.Stat(repo); err == nil && info.IsDir() {
		if repo, err = filepath.Abs(repo); err != nil {
			return "", "", err
		}
	}
	sum := sha256.Sum256([]byte(repo + "\x00" + g.Ref))
	return filepath.Join(g.Cache, hex.EncodeToString(sum[:8])), repo, nil
}

// fetch brings the bare copy up to date and returns the identity of the repository, the last known one when it fails. When
// the ref has not changed, nothing is transferred.
func (g Git) fetch(ctx context.Context, dir, repo string) (identity string, err error) {
	identity = g.lastIdentity(ctx, dir)
	if err := initBare(ctx, dir); err != nil {
		return identity, err
	}
	hash, ref, err := g.remote(ctx, dir, repo)
	if err != nil {
		return identity, err
	}
	if here, _ := resolve(ctx, dir, followed); here != hash {
		_, err = git(ctx, fetchTimeout, dir, "fetch", "--quiet", "--force", "--no-tags", "--depth=1", "--no-write-fetch-head", "--end-of-options", repo, "+"+ref+":"+followed)
		if err != nil {
			return identity, err
		}
	}
	now, err := g.identity(ctx, dir, repo, ref, hash)
	if err != nil {
		return identity, err
	}
	return now, nil
}

// initBare makes an empty repository without a work tree, once.
func initBare(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making a folder for its copy: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "HEAD")); err == nil {
		return nil
	}
	_, err := git(ctx, localTimeout, dir, "init", "--quiet", "--bare", "--template=")
	return err
}

// remote asks the repository what Ref points to. A branch takes precedence over a tag of the same name.
func (g Git) remote(ctx context.Context, dir, repo string) (hash, ref string, err error) {
	list, err := git(ctx, fetchTimeout, dir, "ls-remote", "--quiet", "--end-of-options", repo, "refs/heads/"+g.Ref, "refs/tags/"+g.Ref)
	if err != nil {
		return "", "", err
	}
	for line := range strings.Lines(string(list)) { // in the order of their names: heads come first
		hash, ref, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if ref == "refs/heads/"+g.Ref || ref == "refs/tags/"+g.Ref {
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
func (g Git) files(ctx context.Context, dir, commit string) ([]v1alpha1.File, error) {
	at := path.Clean(g.Path)
	args := []string{"ls-tree", "-r", "-z", "--long", "--full-tree", commit}
	if at != "." {
		args = append(args, "--", at)
	}
	list, err := git(ctx, localTimeout, dir, args...)
	if err != nil {
		return nil, err
	}
	var files []v1alpha1.File
	for line := range bytes.SplitSeq(bytes.TrimSuffix(list, []byte{0}), []byte{0}) {
		b, ok := parseBlob(string(line))
		if !ok || b.name != at && !visible(strings.TrimPrefix(b.name, at+"/")) {
			continue
		}
		f, err := b.read(ctx, dir)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, errNoManifest
	}
	return files, nil
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

func (b blob) read(ctx context.Context, dir string) (v1alpha1.File, error) {
	switch {
	case b.kind != "blob" || b.mode == "120000":
		return v1alpha1.File{}, fmt.Errorf("%s is a link or a submodule, and neither is followed: put the file itself there", b.name)
	case b.size > maxFile:
		return v1alpha1.File{}, fmt.Errorf("%s has more than %d MiB, which is too much for a manifest", b.name, maxFile>>20)
	}
	data, err := git(ctx, localTimeout, dir, "cat-file", "blob", b.hash)
	if err != nil {
		return v1alpha1.File{}, fmt.Errorf("reading %s: %w", b.name, err)
	}
	return v1alpha1.File{Name: b.name, Data: data}, nil
}
