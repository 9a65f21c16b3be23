package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/source"
)

// gitRepo makes a repository in a folder of the world and returns a way to call git in it, as Ann.
func (w *testWorld) gitRepo(name string) func(args ...string) string {
	w.t.Helper()
	dir := filepath.Join(w.dir, name)
	git := func(args ...string) string {
		w.t.Helper()
		out, err := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Ann", "-c", "user.email=ann@example.org"}, args...)...).CombinedOutput()
		if err != nil {
			w.t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	git("init", "-q", "-b", "main")
	return git
}

// trustGit lets manifests from git have processes at the local site.
func (w *testWorld) trustGit() {
	w.t.Helper()
	w.must("apply", "-f", w.write("local.yaml", "apiVersion: assay/v1alpha1\nkind: Site\nmetadata: {name: local}\nspec: {scheduler: local, trust: {git: [processes]}}\n"))
}

// named is a manifest of one server.
func named(name string) string {
	return strings.Replace(web("/tmp"), "{name: web}", "{name: "+name+"}", 1)
}

// TestSyncOnce follows a repository one command at a time, each with another address of it: what leaves it is OutOfSync, and
// with --prune it goes; a broken commit is seen; what was applied by hand, and the site, are left alone.
func TestSyncOnce(t *testing.T) {
	beside(t, 15*time.Second)
	w := newTestWorld(t)
	git := w.gitRepo("repo")
	repo := filepath.Join(w.dir, "repo")
	commit := func(subject string) string {
		t.Helper()
		git("add", "--all")
		git("commit", "-qm", subject)
		return git("rev-parse", "HEAD")
	}
	synced := func(name string) v1alpha1.Condition {
		return v1alpha1.Find(w.status(name).Conditions, v1alpha1.Synced)
	}
	sync := func(want int, args ...string) (out, errs string) {
		t.Helper()
		out, errs, code := w.run(append([]string{"sync", "--once"}, args...)...)
		if code != want {
			t.Fatalf("sync %v exits %d:\n%s\n%s", args, code, out, errs)
		}
		return out, errs
	}

	w.write("repo/one.yaml", named("one"))
	w.write("repo/two.yaml", named("two"))
	w.write("repo/site.yaml", "apiVersion: assay/v1alpha1\nkind: Site\nmetadata: {name: theirs}\nspec: {scheduler: local}\n")
	commit("Two servers")
	if _, errs := sync(exitManifest, "--repo", "repo"); !strings.Contains(errs, "one.yaml:8:") || !strings.Contains(errs, "trust: {git: [processes]}") || w.status("one").Name != "" {
		t.Errorf("a process was taken without the word of the site:\n%s", errs)
	}
	w.trustGit()
	if _, errs := sync(0, "--repo", "repo"); !strings.Contains(errs, `site.yaml:1:1: the Site "theirs" arrived through git and is not taken`) {
		t.Errorf("the site was taken:\n%s", errs)
	}
	if c := synced("two"); c.Reason != "SiteNotTaken" || !strings.Contains(w.must("get", "events"), `the Site "theirs"`) {
		t.Errorf("that the site is not taken is not seen: %+v", c)
	}
	if out := w.must("get", "experiments"); !strings.Contains(out, "one ") || !strings.Contains(out, "two ") {
		t.Errorf("a remembered site redirects what is asked:\n%s", out)
	}
	if c := synced("two"); c.Status != v1alpha1.True {
		t.Errorf("at first: %+v", c)
	}

	git("rm", "-q", "two.yaml")
	commit("Drop two")
	if _, errs := sync(0, "--repo", repo); !strings.Contains(errs, "experiment/two OutOfSync") {
		t.Errorf("not said:\n%s", errs)
	}
	if c := synced("two"); c.Status != v1alpha1.False || c.Reason != "OutOfSync" || synced("one").Status != v1alpha1.True {
		t.Errorf("after it left: %+v", c)
	}

	w.write("repo/one.yaml", strings.Replace(named("one"), "probe:", "prob:", 1))
	hash := commit("A slip of the pen")
	sync(exitManifest, "--repo", "file://"+repo)
	for _, verb := range [][]string{{"describe", "experiment", "one"}, {"get", "events"}} {
		out := w.must(verb...)
		for _, want := range []string{"BrokenCommit", hash[:10], "by Ann", "(A slip of the pen)", "one.yaml:8:"} {
			if !strings.Contains(out, want) {
				t.Errorf("%v lacks %q:\n%s", verb, want, out)
			}
		}
	}
	git("revert", "--no-edit", "HEAD")

	w.must("apply", "-f", w.write("hand.yaml", named("by-hand")), "--timeout", "60s")
	w.write("repo/by-hand.yaml", strings.Replace(named("by-hand"), "/tmp", "/", 1))
	commit("Take the other one too")
	out, errs := sync(1, "--repo", repo+"/.git", "--prune")
	if !strings.Contains(out, "experiment/two deleted") || w.status("two").Name != "" {
		t.Errorf("two was not pruned:\n%s\n%s", out, errs)
	}
	if !strings.Contains(errs, "it was applied by hand") || w.status("by-hand").Generation != 1 {
		t.Errorf("it was taken over:\n%s\n%s", out, errs)
	}
	if c := synced("by-hand"); c.Reason != "AnotherOwner" || !strings.Contains(c.Message, "--adopt") || !strings.Contains(w.must("get", "events"), "AnotherOwner") {
		t.Errorf("that it was left alone is not seen: %+v", c)
	}
	if c := synced("one"); c.Status != v1alpha1.True {
		t.Errorf("after the correction: %+v", c)
	}
	if list := w.must("history", "one"); !strings.Contains(strings.Join(strings.Fields(list), " "), " Ann Two servers ") {
		t.Errorf("who did what is missing:\n%s", list)
	}
	sync(0, "--repo", repo, "--adopt")
	if w.status("by-hand").Generation != 2 {
		t.Error("it was not adopted")
	}
	w.must("delete", "experiment", "one", "by-hand", "--yes", "--timeout", "1m")
}

// TestAHalfWrittenFile: a half that is valid for longer than the quiet time drops a service, which is said, and nothing
// happens to its job once the file is whole again.
func TestAHalfWrittenFile(t *testing.T) {
	beside(t, 15*time.Second)
	w := newTestWorld(t)
	first := web("/tmp")
	whole := first + `    - name: second
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)", --root, /tmp], probe: /healthz}
`
	file := w.write("web.yaml", whole)
	out := w.follow("watch", "-f", file, "--poll", "200ms", "--quiet", "300ms", "--hold", "60s")
	w.until("both up", time.Minute, func() (bool, string) {
		return w.seat("web", "web").Ready && w.seat("web", "second").Ready, out.String()
	})
	job := w.seat("web", "second").JobID
	if err := os.Truncate(file, int64(len(first))); err != nil {
		t.Fatal(err)
	}
	w.until("held", time.Minute, func() (bool, string) {
		return strings.Contains(out.String(), "the edit removes service web/second: it is applied in 1m0s unless"), out.String()
	})
	if err := os.WriteFile(file, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	w.until("dropped", time.Minute, func() (bool, string) {
		return strings.Contains(out.String(), "the edit that removes service web/second was dropped"), out.String()
	})
	if st := w.status("web"); st.Generation != 1 || w.seat("web", "second").JobID != job {
		t.Errorf("generation %d, job %s, it was %s:\n%s", st.Generation, w.seat("web", "second").JobID, job, out)
	}
	w.delete("web")
}

// TestADeliveryThatCannotBeStored is taken again until it is, and complains once. A refused one is not taken again.
func TestADeliveryThatCannotBeStored(t *testing.T) {
	inTempHome(t)
	var out, errs strings.Builder
	a := &app{out: &out, err: &errs, stateDir: t.TempDir()}
	f := &follower{a: a, verb: "watch", reported: map[string]bool{}}
	deliver := func(texts ...string) {
		d := delivery{in: source.Input{Origin: drivers.Origin{Source: "watch", Path: "/w"}}}
		for _, text := range texts {
			d.in.Files = append(d.in.Files, v1alpha1.File{Name: "/w/e.yaml", Data: []byte(text)})
		}
		f.accept(d)
	}
	blocked := filepath.Join(a.stateDir, "revisions", "one")
	if err := errors.Join(os.MkdirAll(filepath.Dir(blocked), 0o700), os.WriteFile(blocked, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	deliver(named("one"), named("two"))
	said := errs.String()
	f.retry()
	if !strings.Contains(said, "not a directory") || errs.String() != said || f.again == nil {
		t.Errorf("first %q, in the end %q", said, errs.String())
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	f.retry()
	src, err := f.store.Source("watch:/w")
	if _, ok, _ := f.store.Head("one"); !ok || f.again != nil || err != nil || len(src.Experiments) != 2 || len(src.Refused) != 0 {
		t.Errorf("not stored when it can be: %+v %v\n%s", src, err, errs.String())
	}
	empty := named("one")
	deliver(empty[:strings.Index(empty, "  services:")]+"  services: []\n", named("two"))
	src, err = f.store.Source("watch:/w")
	if err != nil || f.again != nil || !strings.Contains(src.Refused["one"], "--prune") || len(f.revs) != 1 {
		t.Errorf("refused: %+v %v, again %v\n%s", src, err, f.again, errs.String())
	}
	deliver("kind: Experimnt\n")
	if src, err = f.store.Source("watch:/w"); err != nil || !strings.Contains(src.Broken, "/w/e.yaml:1:") || len(src.Experiments) != 2 {
		t.Errorf("broken: %+v %v", src, err)
	}
	deliver(named("one"), named("one"))
	if src, err = f.store.Source("watch:/w"); err != nil || !strings.Contains(src.Broken, "experiment one is declared twice, first in /w/e.yaml:1") {
		t.Errorf("two of one name: %+v %v", src, err)
	}
}
