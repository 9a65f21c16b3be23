package source

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// gitIn runs git in a repository of the test.
func gitIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func contents(in Input) map[string]string {
	out := map[string]string{}
	for _, f := range in.Files {
		out[filepath.Base(f.Name)] = string(f.Data)
	}
	return out
}

func TestReadFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"b.yaml": "b", "a.yml": "a", "sub/c.yaml": "c", ".hidden.yaml": "h", ".git/x.yaml": "x", "notes.txt": "n"} {
		write(t, filepath.Join(dir, name), text)
	}
	in, err := Read(t.Context(), []string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range in.Files {
		rel, _ := filepath.Rel(dir, f.Name)
		names = append(names, rel)
	}
	if diff := cmp.Diff([]string{"a.yml", "b.yaml", "sub/c.yaml"}, names); diff != "" {
		t.Error(diff)
	}
	if in.Origin.Path != dir || in.Origin.User == "" || in.Origin.Host == "" || in.Origin.Time.IsZero() || in.Origin.Commit != "" {
		t.Errorf("origin: %+v", in.Origin)
	}
}

func TestReadStdin(t *testing.T) {
	in, err := Read(t.Context(), []string{"-"}, strings.NewReader("kind: x"))
	if err != nil || in.Files[0].Name != "<stdin>" || string(in.Files[0].Data) != "kind: x" {
		t.Errorf("%+v %v", in, err)
	}
	if _, err := Read(t.Context(), []string{"-"}, strings.NewReader(strings.Repeat("x", v1alpha1.MaxFile+1))); err == nil {
		t.Error("an endless input was accepted")
	}
}

func TestReadErrorsNameThePath(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "big.yaml"), strings.Repeat("x", v1alpha1.MaxFile+1))
	for path, want := range map[string]string{filepath.Join(dir, "none.yaml"): "none.yaml", filepath.Join(dir, "big.yaml"): "MiB", t.TempDir(): "no *.yaml"} {
		if _, err := Read(t.Context(), []string{path}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestReadKnowsTheCommit(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "e.yaml")
	write(t, file, "one")
	gitIn(t, dir, "init", "-q")
	gitIn(t, dir, "add", ".")
	gitIn(t, dir, "commit", "-qm", "one")
	head := gitIn(t, dir, "rev-parse", "HEAD")
	for _, tc := range []struct{ text, want string }{{"one", head}, {"two", head + "-dirty"}} {
		write(t, file, tc.text)
		in, err := Read(t.Context(), []string{file}, nil)
		if err != nil || in.Origin.Commit != tc.want {
			t.Errorf("%q: commit %q, want %q (%v)", tc.text, in.Origin.Commit, tc.want, err)
		}
	}
}

func TestGit(t *testing.T) {
	repo, cache := t.TempDir(), t.TempDir()
	gitIn(t, repo, "init", "-q", "-b", "main")
	commit := func(text string) string {
		write(t, filepath.Join(repo, "exp", "e.yaml"), text)
		write(t, filepath.Join(repo, ".ci", "x.yaml"), "hidden")
		gitIn(t, repo, "add", ".")
		gitIn(t, repo, "commit", "-qm", text)
		return gitIn(t, repo, "rev-parse", "HEAD")
	}
	read := func(g Git) Input {
		t.Helper()
		g.Repo, g.Cache = repo, cache
		in, err := g.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	first := commit("one")
	gitIn(t, repo, "tag", "v1")
	second := commit("two")
	for _, tc := range []struct {
		g            Git
		commit, text string
	}{{Git{Ref: "main", Path: "."}, second, "two"}, {Git{Ref: "main", Path: "exp/e.yaml"}, second, "two"}, {Git{Ref: "v1", Path: "exp"}, first, "one"}} {
		in := read(tc.g)
		if diff := cmp.Diff(map[string]string{"e.yaml": tc.text}, contents(in)); diff != "" || in.Origin.Commit != tc.commit || in.Origin.Ref != tc.g.Ref {
			t.Errorf("%+v: %+v %s", tc.g, in.Origin, diff)
		}
	}
	gitIn(t, repo, "reset", "-q", "--hard", first) // a forced push is followed
	if in := read(Git{Ref: "main", Path: "."}); in.Origin.Commit != first {
		t.Errorf("after a reset: %+v", in.Origin)
	}
	for name, g := range map[string]Git{
		"option as branch":  {Repo: repo, Ref: "--upload-pack=touch pwned", Path: "."},
		"option as repo":    {Repo: "--upload-pack=touch pwned", Ref: "main", Path: "."},
		"command transport": {Repo: "ext::sh -c touch% pwned", Ref: "main", Path: "."},
		"no such branch":    {Repo: repo, Ref: "nope", Path: "."},
		"no such path":      {Repo: repo, Ref: "main", Path: "nowhere"},
		"no such repo":      {Repo: filepath.Join(repo, "absent"), Ref: "main", Path: "."},
	} {
		g.Cache = cache
		if in, err := g.Read(t.Context()); err == nil {
			t.Errorf("%s was read: %+v", name, in.Origin)
		}
	}
}

// TestManyManifests: a folder and a repository of more than can be meant are refused as a whole.
func TestManyManifests(t *testing.T) {
	dir, commit := repository(t)
	files := map[string]string{}
	for i := range v1alpha1.MaxFiles + 1 {
		files[fmt.Sprintf("many/%04d.yaml", i)] = "x"
	}
	for i := range v1alpha1.MaxManifest/v1alpha1.MaxFile + 1 {
		files[fmt.Sprintf("large/%d.yaml", i)] = strings.Repeat("x", v1alpha1.MaxFile-1)
	}
	commit(files)
	for path, want := range map[string]string{"many": "more than 1000 manifests", "large": "more than 4 MiB together"} {
		if _, err := Read(t.Context(), []string{filepath.Join(dir, path)}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a folder: %v", err)
		}
		if _, err := (Git{Repo: dir, Ref: "main", Path: path, Cache: t.TempDir()}).Read(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a repository: %v", err)
		}
	}
}
