package site

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// TestDocument shows where notes go: on what they are about, and at the end when that is not there.
func TestDocument(t *testing.T) {
	s := v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: "big"}, Spec: v1alpha1.SiteSpec{Scheduler: v1alpha1.Slurm, EnforcePartLimits: "NO", Account: "n",
		Partitions: map[string]v1alpha1.Partition{"on": {Nodes: 2, MaxTime: v1alpha1.Duration(48 * time.Hour), MemoryPerNode: 62 << 30}, "6": {Nodes: 1}},
		Licenses:   map[string]int{"ansys": 10}}}
	notes := []Note{{"partitions", "on", "it is\nDOWN \x1b[31mnow\u202e\u2066"}, {"partitions", "", "one is left out"}, {"qos", "", "no accounting here: limits of QOS are unknown"},
		{"accounts", "lab", strings.Repeat("long ", 30)}}
	got, err := Document(s, []string{"What Slurm said."}, notes)
	if err != nil {
		t.Fatal(err)
	}
	const want = `# What Slurm said.
apiVersion: assay/v1alpha1
kind: Site
metadata:
  name: big
spec:
  scheduler: slurm
  account: "n"
  # one is left out
  partitions:
    "6":
      nodes: 1
    # it is DOWN [31mnow
    "on":
      maxTime: 48h
      memoryPerNode: 62Gi
      nodes: 2
  enforcePartLimits: "NO"
  licenses:
    ansys: 10

  # qos: no accounting here: limits of QOS are unknown
  # accounts lab: long long long long long long long long long long long long long long long long long long long long
  # long long long long long long long long long long
`
	if string(got) != want {
		t.Errorf("got\n%s", got)
	}
}

// TestDocumentRefuses what assay would not take.
func TestDocumentRefuses(t *testing.T) {
	s := v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: "Not A Name"}, Spec: v1alpha1.SiteSpec{Scheduler: v1alpha1.Slurm}}
	if _, err := Document(s, nil, nil); err == nil {
		t.Error("a site with an impossible name was written")
	}
}

func TestNameOf(t *testing.T) {
	for cluster, want := range map[string]string{"meluxina": "meluxina", "Big_One.lu": "big-one-lu", "local": "cluster", "": "cluster", "___": "cluster", strings.Repeat("x", 80): strings.Repeat("x", 63)} {
		if got := NameOf(cluster); got != want {
			t.Errorf("%q: %q, want %q", cluster, got, want)
		}
	}
}

// TestForget removes what Remember keeps, and no file elsewhere.
func TestForget(t *testing.T) {
	home(t)
	if err := Remember(cluster("one")); err != nil {
		t.Fatal(err)
	}
	for name, there := range map[string]bool{"two": false, "../sites/one": false, ".": false, "one": true} {
		if err := Forget(name); there != (err == nil) || !there && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if known, err := Known(); err != nil || len(known) != 1 {
		t.Errorf("%v, %v", known, err)
	}
}
