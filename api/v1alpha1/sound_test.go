package v1alpha1

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSound: a broken file hides neither the others nor what is wrong in them.
func TestSound(t *testing.T) {
	site := "apiVersion: assay/v1alpha1\nkind: Site\nmetadata: {name: %s}\nspec: {scheduler: %s}\n"
	files := []File{
		{"broken.yaml", []byte("kind: [\n")},
		{"good.yaml", []byte(fmt.Sprintf(minimal, "good", "site: local"))},
		{"name.yaml", []byte(fmt.Sprintf(minimal, "Bad", ""))},
		{"site.yaml", []byte(fmt.Sprintf(site, "big", "slurmm"))},
		{"of-site.yaml", []byte(fmt.Sprintf(minimal, "of-site", "site: big"))},
		{"partition.yaml", []byte(fmt.Sprintf(minimal, "partition", "site: local, services: [{name: a, chroma: {}, resources: {partition: x}}]"))},
	}
	m, sound, problems, err := Sound(files, func(files []File) (Manifest, error) { return Load(files, nil, "") })
	if err != nil {
		t.Fatal(err)
	}
	var names, got []string
	for _, f := range sound {
		names = append(names, f.Name)
	}
	for _, p := range problems {
		got = append(got, p.File+": "+p.Message)
	}
	if diff := cmp.Diff([]string{"good.yaml"}, names); diff != "" || len(m.Experiments) != 1 {
		t.Errorf("%d experiments; sound files (-want +got)\n%s", len(m.Experiments), diff)
	}
	want := []string{
		"broken.yaml: is not YAML: did not find expected node content",
		`name.yaml: must be at most 63 of a-z, 0-9 and -, with - neither first nor last, found "Bad"`,
		"partition.yaml: has no meaning at site local, whose scheduler is local",
		`site.yaml: must be one of slurm, local, found "slurmm"`,
		`of-site.yaml: site "big" is not known`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got)\n%s", diff)
	}
	other := errors.New("the disk is gone")
	if _, _, _, err := Sound(files, func([]File) (Manifest, error) { return Manifest{}, other }); !errors.Is(err, other) {
		t.Errorf("another error is lost: %v", err)
	}
}
