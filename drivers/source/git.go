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
	"strings"
	"time"

	"assay/api/v1alpha1"
)

const fetchTimeout = 60 * time.Second

// Git is a branch or tag of a repository, read without a work tree.
type Git struct {
	Repo  string // URL or folder
	Ref   string // branch or tag
	Path  string // file or folder in it; "." is everything
	Cache string // folder for bare copies
}

// Read fetches the repository and reads the manifests at Ref. When the commit is known but its files cannot be read,
// the Input returned with the error still says which commit that was.
func (g Git) Read(ctx context.Context) (Input, error) {
	in := Input{Origin: Here("sync")}
	in.Origin.Path, in.Origin.Ref = g.Repo+"#"+path.Clean(g.Path), g.Ref
	if err := g.check(); err != nil {
		return in, err
	}
	dir, err := g.fetch(ctx)
	if err != nil {
		return in, fmt.Errorf("following %s: %w", g.Repo, err)
	}
	if in.Origin.Commit, err = g.resolve(ctx, dir); err != nil {
		return in, fmt.Errorf("following %s: %w", g.Repo, err)
	}
	in.Files, err = g.files(ctx, dir, in.Origin.Commit)
	if err != nil {
		return in, fmt.Errorf("reading %s of %s at commit %.10s: %w", g.Path, g.Repo, in.Origin.Commit, err)
	}
	return in, nil
}

// check refuses what git would take for an option, or for a command to run.
func (g Git) check() error {
	for _, v := range []string{g.Repo, g.Ref, g.Path} {
		if v == "" || strings.HasPrefix(v, "-") {
			return fmt.Errorf("%q is no repository, branch or path", v)
		}
	}
	if strings.Contains(g.Repo, "ext::") {
		return fmt.Errorf("repository %q would run a command; use a URL or a folder", g.Repo)
	}
	return nil
}

// fetch brings a bare copy up to date and returns its folder.
func (g Git) fetch(ctx context.Context) (string, error) {
	repo := g.Repo
	if info, err := os.Stat(repo); err == nil && info.IsDir() {
		if repo, err = filepath.Abs(repo); err != nil {
			return "", err
		}
	}
	sum := sha256.Sum256([]byte(repo))
	dir := filepath.Join(g.Cache, hex.EncodeToString(sum[:8]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if _, err := git(ctx, fetchTimeout, dir, "init", "--quiet", "--bare"); err != nil {
		return "", err
	}
	_, err := git(ctx, fetchTimeout, dir, "fetch", "--quiet", "--prune", "--force", "--no-write-fetch-head", "--end-of-options", repo,
		"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
	return dir, err
}

func (g Git) resolve(ctx context.Context, dir string) (string, error) {
	for _, kind := range []string{"refs/heads/", "refs/tags/"} {
		out, err := git(ctx, gitTimeout, dir, "rev-parse", "--verify", "--quiet", kind+g.Ref+"^{commit}")
		if err == nil {
			return strings.TrimSpace(string(out)), nil
		}
	}
	return "", fmt.Errorf("it has no branch or tag %q; name one with --ref", g.Ref)
}

// files reads every manifest below Path at a commit.
func (g Git) files(ctx context.Context, dir, commit string) ([]v1alpha1.File, error) {
	args := []string{"ls-tree", "-r", "-z", "--name-only", commit}
	if p := path.Clean(g.Path); p != "." {
		args = append(args, "--", p)
	}
	list, err := git(ctx, gitTimeout, dir, args...)
	if err != nil {
		return nil, err
	}
	var files []v1alpha1.File
	for name := range bytes.SplitSeq(list, []byte{0}) {
		n := string(name)
		if n == "" || n != path.Clean(g.Path) && (!isManifest(n) || hidden(n)) {
			continue
		}
		data, err := git(ctx, gitTimeout, dir, "cat-file", "blob", commit+":"+n)
		if err != nil {
			return nil, err
		}
		if len(data) > maxFile {
			return nil, fmt.Errorf("%s has more than %d MiB", n, maxFile>>20)
		}
		files = append(files, v1alpha1.File{Name: n, Data: data})
	}
	switch {
	case len(list) == 0:
		return nil, errors.New("there is no such file or folder; name one with --path")
	case len(files) == 0:
		return nil, errors.New("there is no *.yaml or *.yml file in it")
	}
	return files, nil
}

// hidden reports whether a folder on the way is hidden.
func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") }
