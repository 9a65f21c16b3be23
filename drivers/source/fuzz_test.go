package source

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzParseBlob: a line of git ls-tree that is read as a file, printed and read again, is the same file.
func FuzzParseBlob(f *testing.F) {
	const hash = "8f2d1a6a3f0c5f3c1d7d4a9f0b1c2d3e4f5a6b7c"
	for _, s := range []string{"100644 blob " + hash + "     211\tsub/e.yaml", "160000 commit " + hash + "       -\tmodule", "120000 blob " + hash + "      12\tlink.yaml", "100644 blob " + hash + " 9\ta\tb\n.yaml", "", "\t", "a b c d e\tf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		b, ok := parseBlob(line)
		if !ok {
			return
		}
		again, ok := parseBlob(fmt.Sprintf("%s %s %s %7d\t%s", b.mode, b.kind, b.hash, b.size, b.name))
		if !ok || again != b {
			t.Errorf("%q is %+v, and that is %+v", line, b, again)
		}
		if visible(b.name) && (strings.HasPrefix(b.name, ".") || strings.Contains(b.name, "/.")) {
			t.Errorf("%q is hidden", b.name)
		}
	})
}

// FuzzParseCommit: what a commit says of itself is one short line that a terminal can show.
func FuzzParseCommit(f *testing.F) {
	f.Add("tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A U Thor <a@example.org> 1700000000 +0000\ncommitter C <c@example.org> 1700000000 +0000\n\nAdd a benchmark\n\nIts body.\n")
	f.Add("author \x1b]0;x\a\u202eevil <a> 1 +0000\n\n\x9b31m\xff\u2028red\rover")
	f.Add("author " + strings.Repeat("ä", 300) + "\n\n\n\n  \n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range []func() string{func() string { a, _ := parseCommit(text); return a }, func() string { _, s := parseCommit(text); return s }} {
			s := s()
			odd := strings.IndexFunc(s, func(r rune) bool { return r != '…' && !unicode.IsPrint(r) })
			if !utf8.ValidString(s) || utf8.RuneCountInString(s) > 201 || odd >= 0 || s != strings.TrimSpace(s) {
				t.Errorf("%q has %q", text, s)
			}
		}
	})
}

// FuzzCheck: a repository, a ref and a path that are accepted are none of git's options, and run no program.
func FuzzCheck(f *testing.F) {
	for _, g := range []Git{{Repo: "https://example.org/r.git", Ref: "main", Path: "."}, {Repo: "ext::sh -c x", Ref: "main", Path: "."}, {Repo: "git@example.org:r", Ref: "v1", Path: "a/b"},
		{Repo: "https://tok@example.org/r", Ref: "--upload-pack=x", Path: "../x"}, {Repo: "https://u:p@example.org/r", Ref: "a:b", Path: "-x"}, {Repo: "/srv/r", Ref: "HEAD~1", Path: "a//b"}} {
		f.Add(g.Repo, g.Ref, g.Path)
	}
	f.Fuzz(func(t *testing.T, repo, ref, at string) {
		g := Git{Repo: repo, Ref: ref, Path: at}
		if g.check() != nil {
			return
		}
		if strings.HasPrefix(repo, "-") || strings.HasPrefix(ref, "-") || strings.HasPrefix(at, "-") || strings.Contains(ref, ":") || strings.HasPrefix(at, "/") || strings.HasPrefix(at, "../") {
			t.Errorf("%+v is accepted", g)
		}
		if head, _, found := strings.Cut(repo, "::"); found && !strings.ContainsAny(head, "/:@ []%") && strings.IndexFunc(head, func(r rune) bool { return r > 126 || r < 33 }) < 0 &&
			strings.Trim(head, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-") == "" {
			t.Errorf("%q runs git-remote-%s", repo, head)
		}
	})
}
