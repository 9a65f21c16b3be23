package site

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"assay/api/v1alpha1"
)

// home gives a test configuration and state folders of its own.
func home(t *testing.T) (config, state string) {
	t.Helper()
	config, state = t.TempDir(), t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	t.Setenv("XDG_STATE_HOME", state)
	return config, state
}

func cluster(name string) v1alpha1.Site {
	s := v1alpha1.LocalSite()
	s.Metadata.Name = name
	s.Spec.Scheduler = v1alpha1.Slurm
	return s
}

// TestRemember keeps sites and offers the only one as the default.
func TestRemember(t *testing.T) {
	config, _ := home(t)
	for _, c := range []struct{ remember, want string }{{"", Local}, {"one", "one"}, {"one", "one"}, {"two", Local}} {
		if c.remember != "" {
			if err := Remember(cluster(c.remember)); err != nil {
				t.Fatal(err)
			}
		}
		known, err := Known()
		if err != nil {
			t.Fatal(err)
		}
		if got := Default(known); got != c.want {
			t.Errorf("with %v the default is %s, want %s", known, got, c.want)
		}
		if c.remember != "" && known[c.remember].Spec.Scheduler != v1alpha1.Slurm {
			t.Errorf("site %s came back as %+v", c.remember, known[c.remember])
		}
	}
	entries, err := os.ReadDir(filepath.Join(config, "assay", "sites"))
	if err != nil || len(entries) != 2 {
		t.Errorf("%d files, want the 2 sites (%v)", len(entries), err)
	}
}

// TestKnownRefusesDamage names the file; temporary files and others' are ignored.
func TestKnownRefusesDamage(t *testing.T) {
	config, _ := home(t)
	if err := Remember(cluster("one")); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(config, "assay", "sites")
	for _, name := range []string{".tmp-1", ".one.yaml.swp", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Known(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bad.yaml"), []byte("kind: Sight\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Known(); !errors.Is(err, ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// TestComplete shows which path wins.
func TestComplete(t *testing.T) {
	_, state := home(t)
	with := func(dir, work string) v1alpha1.Site {
		s := cluster("c")
		s.Spec.Paths.State, s.Spec.Paths.Work = dir, work
		s.Spec.Container.Runtime = "apptainer"
		return s
	}
	for name, c := range map[string]struct {
		site v1alpha1.Site
		flag string
		want []string // state, work, images
	}{
		"nothing given": {with("", ""), "", []string{state + "/assay/c", state + "/assay/c/work", state + "/assay/c/images"}},
		"the site's":    {with("/p/s", "/w"), "", []string{"/p/s", "/w", "/p/s/images"}},
		"--state wins":  {with("/p/s", ""), "/flag", []string{"/flag", "/flag/work", "/flag/images"}},
	} {
		got, err := Complete(c.site, c.flag)
		if err != nil {
			t.Fatal(err)
		}
		if p := []string{got.Spec.Paths.State, got.Spec.Paths.Work, got.Spec.Container.Images}; !slices.Equal(p, c.want) {
			t.Errorf("%s: %v, want %v", name, p, c.want)
		}
	}
	if got, err := Complete(with("", ""), "relative"); err != nil || !filepath.IsAbs(got.Spec.Paths.State) {
		t.Errorf("%q stays relative (%v)", got.Spec.Paths.State, err)
	}
}

// TestPlace: the host is part of where the local scheduler runs, and no part of where a cluster's is asked from.
func TestPlace(t *testing.T) {
	local, slurm := Place(v1alpha1.LocalSite()), Place(cluster("c"))
	if local.Site != Local || local.Scheduler != v1alpha1.Local || local.Cluster == "" || local.UID != os.Getuid() || local.User == "" {
		t.Errorf("local: %+v", local)
	}
	if slurm.Site != "c" || slurm.Scheduler != v1alpha1.Slurm || slurm.Cluster != "" || slurm.Machine != "" {
		t.Errorf("a cluster: %+v", slurm)
	}
}
