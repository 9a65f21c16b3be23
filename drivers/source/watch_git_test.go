package source

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWhatGitBringsToAWatchedFolder: what is there at the start and what is edited was typed by its user. What comes with
// another commit was not, also when attributes make it look like an edit.
func TestWhatGitBringsToAWatchedFolder(t *testing.T) {
	upstream, commit := repository(t)
	commit(map[string]string{"e.yaml": "first"})
	dir := filepath.Join(t.TempDir(), "clone")
	gitIn(t, upstream, "clone", "-q", upstream, dir)
	own := func(string) {
		gitIn(t, dir, "commit", "-q", "-a", "-m", "mine")
	}
	steps := []struct {
		does func() // before the next delivery
		want string
	}{
		{func() { write(t, dir+"/e.yaml", "edited") }, "first false"},
		{func() {
			own("")
			time.Sleep(time.Second) // several looks find nothing to deliver
			write(t, dir+"/e.yaml", "edited again")
		}, "edited false"},
		{func() {
			own("")
			time.Sleep(time.Second)
			gitIn(t, upstream, "pull", "-q", dir)
			commit(map[string]string{"e.yaml": "theirs"})
			gitIn(t, dir, "pull", "-q", "--ff-only")
		}, "edited again false"},
		{func() {
			time.Sleep(time.Second)
			commit(map[string]string{"e.yaml": "theirs\n$Id$\n", ".gitattributes": "*.yaml ident text eol=crlf\n"})
			gitIn(t, dir, "pull", "-q", "--ff-only")
		}, "theirs true"},
		{nil, "theirs\r\n$Id: 3c8f17d9e5c2b8ff5a1e4e0a8f8c3a1ba5bb9b51 $\r\n true"},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	n := 0
	_ = Files{Paths: []string{dir}, Poll: 100 * time.Millisecond, Quiet: 300 * time.Millisecond}.Follow(ctx, func(in Input, err error) {
		got := ""
		for _, text := range contents(in) {
			got += text
		}
		if in.FromGit {
			got += " true"
		} else {
			got += " false"
		}
		if n == len(steps)-1 { // the hash is git's own
			got, steps[n].want = got[:6]+got[len(got)-4:], "theirstrue"
		}
		if d := cmp.Diff(steps[n].want, got); d != "" || err != nil {
			t.Errorf("step %d: %v %s", n, err, d)
		}
		if steps[n].does == nil || t.Failed() {
			cancel()
			return
		}
		go steps[n].does()
		n++
	})
	if n != len(steps)-1 {
		t.Errorf("it ended at step %d", n)
	}
}
