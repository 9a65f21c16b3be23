package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

const (
	maxFile    = 4 << 20
	gitTimeout = 5 * time.Second
)

// Input is what a source delivers.
type Input struct {
	Files  []v1alpha1.File
	Origin drivers.Origin
}

// Here is an origin by this user on this host, now.
func Here(source string) drivers.Origin {
	o := drivers.Origin{Source: source, Time: time.Now()}
	o.Host, _ = os.Hostname() // unknown stays empty
	if u, err := user.Current(); err == nil {
		o.User = u.Username
	}
	return o
}

// Read reads files, folders (every *.yaml and *.yml below them, in order, hidden ones aside) and "-", standard input.
// When all of it lies in one git work tree, the origin names its commit.
func Read(paths []string, stdin io.Reader) (Input, error) {
	in := Input{Origin: Here("apply")}
	var real []string
	for _, p := range paths {
		if p == "-" {
			f, err := readStdin(stdin)
			if err != nil {
				return in, err
			}
			in.Files, real = append(in.Files, f), append(real, p)
			continue
		}
		abs, err := filepath.Abs(p)
		if err != nil {
			return in, fmt.Errorf("reading %s: %w", p, err)
		}
		files, err := readPath(p)
		if err != nil {
			return in, err
		}
		in.Files, real = append(in.Files, files...), append(real, abs)
	}
	in.Origin.Path = strings.Join(real, ", ")
	in.Origin.Commit = commitOf(real)
	return in, nil
}

func readStdin(r io.Reader) (v1alpha1.File, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("more than %d MiB", maxFile>>20)
	}
	if err != nil {
		return v1alpha1.File{}, fmt.Errorf("reading standard input: %w", err)
	}
	return v1alpha1.File{Name: "<stdin>", Data: data}, nil
}

// readAll reads files and folders, and nothing about them.
func readAll(paths []string) ([]v1alpha1.File, error) {
	var out []v1alpha1.File
	for _, p := range paths {
		files, err := readPath(p)
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
	}
	return out, nil
}

// readPath reads a file, or the manifests of a folder.
func readPath(path string) ([]v1alpha1.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	if !info.IsDir() {
		f, err := readFile(path)
		return []v1alpha1.File{f}, err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, fmt.Errorf("reading the folder: %w", err)
	}
	var files []v1alpha1.File
	err = filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != path && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case e.IsDir() || !isManifest(e.Name()):
			return nil
		}
		f, err := readFile(p)
		files = append(files, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the folder %s: %w", path, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("the folder %s holds no *.yaml or *.yml file", path)
	}
	return files, nil
}

func isManifest(name string) bool {
	return !strings.HasPrefix(filepath.Base(name), ".") && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(name))
}

func readFile(path string) (v1alpha1.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return v1alpha1.File{}, fmt.Errorf("reading the manifest: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it has more than %d MiB", maxFile>>20)
	}
	if err != nil {
		return v1alpha1.File{}, fmt.Errorf("reading the manifest %s: %w", path, err)
	}
	return v1alpha1.File{Name: path, Data: data}, nil
}

// commitOf is the git commit that paths lie at, with -dirty when they differ from it; empty outside of a work tree.
func commitOf(paths []string) string {
	commit, dirty := "", false
	for _, p := range paths {
		if p == "-" {
			return ""
		}
		dir := p
		if info, err := os.Stat(p); err != nil || !info.IsDir() {
			dir = filepath.Dir(p)
		}
		head, err := git(context.Background(), gitTimeout, dir, "rev-parse", "--verify", "HEAD")
		if err != nil || commit != "" && commit != strings.TrimSpace(string(head)) {
			return ""
		}
		commit = strings.TrimSpace(string(head))
		changed, err := git(context.Background(), gitTimeout, dir, "status", "--porcelain", "--", p)
		dirty = dirty || err != nil || len(bytes.TrimSpace(changed)) > 0
	}
	if dirty && commit != "" {
		commit += "-dirty"
	}
	return commit
}

// git runs git in dir without ever asking anybody.
func git(ctx context.Context, timeout time.Duration, dir string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { // set inside a git hook, they would win over -C
		return strings.HasPrefix(v, "GIT_DIR=") || strings.HasPrefix(v, "GIT_WORK_TREE=") || strings.HasPrefix(v, "GIT_INDEX_FILE=")
	})
	cmd.Env = append(cmd.Env, "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		text := strings.Join(strings.Fields(errs.String()), " ")
		return nil, fmt.Errorf("git %s: %w: %s", args[0], errors.Join(err, ctx.Err()), text)
	}
	return out.Bytes(), nil
}
