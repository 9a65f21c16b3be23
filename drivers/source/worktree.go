package source

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"assay/drivers/durable"
)

const (
	maxGitWord = 4 << 10  // bytes of HEAD, of a reference and of .git when it is a file
	maxRefs    = 16 << 20 // bytes of packed-refs
	maxLinks   = 5        // references that lead to another one, as in git
)

// workTree is a git work tree. It is found and its HEAD is read without git, which would obey the configuration of whatever
// repository it finds: filters, hooks, and the programs of a bare repository that somebody put beside a manifest.
type workTree struct {
	top     string // its folder
	gitDir  string // what .git in it stands for
	objects string // the folder of its objects
	head    string // the hash of its commit
}

var hashes = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// findWorkTree is the work tree that a folder lies in; an error when there is none, or when it has no commit.
func findWorkTree(dir string) (workTree, error) {
	for ; ; dir = filepath.Dir(dir) {
		gitDir, err := gitDirIn(dir)
		if err != nil {
			return workTree{}, err
		}
		if gitDir == "" {
			if dir == filepath.Dir(dir) {
				return workTree{}, os.ErrNotExist
			}
			continue
		}
		common := gitDir // of a linked work tree: the repository's
		if word, err := gitWord(filepath.Join(gitDir, "commondir")); err == nil {
			common = under(gitDir, word)
		}
		head, err := headOf(gitDir, common)
		return workTree{dir, gitDir, filepath.Join(common, "objects"), head}, err
	}
}

// heads is what is checked out in the work trees of paths. It changes with a commit, a pull and a checkout, and while git writes.
func heads(paths []string) (out string) {
	for _, path := range paths {
		path, err := filepath.Abs(path)
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		if info, e := os.Stat(path); err == nil && e == nil && !info.IsDir() {
			path = filepath.Dir(path)
		}
		w, err := findWorkTree(path)
		_, busy := os.Lstat(filepath.Join(w.gitDir, "index.lock"))
		out += fmt.Sprintf("%s %t %t\n", w.head, err == nil, w.gitDir != "" && busy == nil)
	}
	return out
}

// gitDirIn is what .git in a folder stands for; empty when there is none.
func gitDirIn(dir string) (string, error) {
	path := filepath.Join(dir, ".git")
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", nil // nobody could have put a repository there
	case info.IsDir():
		return path, nil
	}
	word, err := gitWord(path)
	if err != nil {
		return "", err
	}
	to, ok := strings.CutPrefix(word, "gitdir: ")
	if !ok {
		return "", fmt.Errorf("%s names no repository", path)
	}
	return under(dir, to), nil
}

func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// gitWord is the one line of a file.
func gitWord(path string) (string, error) {
	b, err := durable.Read(path, maxGitWord)
	return strings.TrimSpace(string(b)), err
}

// headOf is the commit that HEAD stands for.
func headOf(gitDir, common string) (string, error) {
	word, err := gitWord(filepath.Join(gitDir, "HEAD"))
	for range maxLinks {
		name, link := strings.CutPrefix(word, "ref: ")
		if err != nil || !link {
			break
		}
		if !strings.HasPrefix(name, "refs/") || !filepath.IsLocal(name) {
			return "", fmt.Errorf("HEAD of %s names no branch", gitDir)
		}
		word, err = reference(gitDir, common, name)
	}
	if err == nil && !hashes.MatchString(word) {
		err = fmt.Errorf("HEAD of %s is no commit", gitDir)
	}
	return word, err
}

// reference is what a reference holds: a file of its own, or a line "<hash> <name>" of packed-refs.
func reference(gitDir, common, name string) (string, error) {
	for _, dir := range []string{gitDir, common} {
		if word, err := gitWord(filepath.Join(dir, name)); err == nil {
			return word, nil
		}
	}
	b, err := durable.Read(filepath.Join(common, "packed-refs"), maxRefs)
	for line := range strings.Lines(string(b)) {
		if hash, of, _ := strings.Cut(strings.TrimSpace(line), " "); of == name {
			return hash, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("%s has no %s", common, name)
	}
	return "", err
}
